"""Whether the keywords that are to tell patient and day stand in the files at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from cytorecon.errors import CytoreconError
from cytorecon.fcs.datasets import find_data_sets
from cytorecon.fcs.source import open_source
from cytorecon.intake.archives import check_no_archive
from cytorecon.intake.pseudonyms import Lookup, keyword_name
from cytorecon.knowledge.deidentification import load_deidentification

#: As many keywords as a line can name.
_NAMED: Final = 8
#: Share of a keyword that is the same in one that was meant.
_ALIKE: Final = 0.5


def check_keywords(files: Sequence[Path], lookup: Lookup) -> None:
    """Check that each keyword of `lookup` stands in one file at least: else it is mistyped.

    Parameters
    ----------
    files : sequence of Path
        Those that cannot be read are passed over: reading them will say why.
    lookup : Lookup
        Where patient and day are said to stand.

    Raises
    ------
    CytoreconError
        If a keyword stands in no file.
    """
    asked = {"--patient-from": lookup.patient_from, "--day-from": lookup.day_from}
    asked = {option: keyword for option, keyword in asked.items() if keyword}
    if not asked:
        return
    keywords: set[str] = set()
    readable = 0
    for path in files:
        found = _keywords_of(path)
        keywords |= found
        readable += bool(found)
    for option, keyword in asked.items():
        if readable and keyword_name(keyword) not in keywords:
            raise CytoreconError(
                "No file has this keyword. Nothing was written.",
                field=f"{option} {keyword}",
                found=f"{readable} readable file{'' if readable == 1 else 's'}, none of them with it",
                allowed=_named(keyword_name(keyword), keywords),
                hint="Write the keyword as it stands in the files; capitals do not matter.",
            )


def _keywords_of(path: Path) -> set[str]:
    try:
        check_no_archive(path)
        with open_source(path) as source:
            data_sets, _ = find_data_sets(source)
    except (CytoreconError, OSError):
        return set()
    return {name for data_set in data_sets for name in data_set.keywords}


def _named(keyword: str, there: Iterable[str]) -> str:
    """Name keywords of the files, those that are like the one asked for first; no name of a person."""
    known = sorted(filter(load_deidentification().is_known_keyword, there))
    custom = [name for name in known if not name.startswith("$")]
    alike = get_close_matches(keyword, known, n=_NAMED, cutoff=_ALIKE)
    return ", ".join((alike or custom or known)[:_NAMED]) + ", or another keyword of the files"
