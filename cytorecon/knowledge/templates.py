"""Load a gating template by name (packaged or the user's) or by path, with all that it includes."""

from __future__ import annotations

import hashlib
import re
from importlib import resources
from pathlib import Path, PurePosixPath

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_yaml, sha256_of, validated
from cytorecon.knowledge.template import Template
from cytorecon.knowledge.template.including import Addition, merged

INCLUDED = re.compile(r"(base/)?[A-Za-z0-9_]+")


def template_names() -> tuple[str, ...]:
    """Return the names of the packaged templates.

    Examples
    --------
    >>> "tbnk" in template_names()
    True
    """
    folder = resources.files("cytorecon.knowledge") / "templates"
    return tuple(sorted(Path(entry.name).stem for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def load_template(name: str | Path, *, folder: Path | None = None) -> Template:
    """Return the template called `name`, or the one in the file `name`.

    Parameters
    ----------
    name : str or Path
        A packaged name such as ``"tbnk"``, or the path of a ``.yaml`` file.
    folder : Path, optional
        The user's knowledge folder, which may replace packaged templates.

    Raises
    ------
    KnowledgeError
        If there is no such template, or it contradicts itself.

    Examples
    --------
    >>> load_template("tbnk").required
    ('CD45', 'CD3', 'CD4', 'CD8', 'CD19', 'CD16+CD56')
    """
    text = str(name)
    if text.endswith((".yaml", ".yml")):
        path = Path(text)
        if not path.is_file():
            raise KnowledgeError("There is no such template file.", subject=path.name, allowed="a .yaml file")
        return _load(path.name, path.parent, ())
    if text not in template_names() and not (folder and (folder / "templates" / f"{text}.yaml").is_file()):
        raise KnowledgeError(
            "There is no such template.",
            field="template",
            found=text,
            allowed=f"{', '.join(template_names())}, or the path of a .yaml file",
        )
    return _load(f"templates/{text}.yaml", folder, ())


def _load(file: str, folder: Path | None, within: tuple[str, ...]) -> Template:
    """Return the template in `file`; `within` are the files that include it."""
    subject = PurePosixPath(file).name
    if file in within:
        circle = " -> ".join(PurePosixPath(each).stem for each in (*within, file))
        raise KnowledgeError("Templates include each other in a circle.", subject=subject, found=circle)
    content = read_yaml(file, folder=folder)
    digest = sha256_of(file, folder=folder)
    if not (isinstance(content, dict) and "includes" in content):
        return validated(Template, content, subject=subject).model_copy(update={"sha256": digest})
    own = validated(Addition, content, subject=subject)
    included = [_load(_file_of(name, folder, subject), folder, (*within, file)) for name in own.includes]
    try:
        whole = merged(own, included)
    except ValueError as error:
        raise KnowledgeError(
            "What is included does not fit together.", subject=subject, field="includes", found=str(error)
        ) from error
    # Whatever changes in an included file changes the hash of this template, too.
    joined = "\n".join((digest, *(template.sha256 for template in included)))
    template = validated(Template, whole, subject=subject)
    return template.model_copy(update={"sha256": hashlib.sha256(joined.encode()).hexdigest()})


def _file_of(name: str, folder: Path | None, subject: str) -> str:
    """Return the file of an included template: one beside the user's own file wins over a packaged one."""
    if not INCLUDED.fullmatch(name):
        raise KnowledgeError(
            "This is no name of a template.",
            subject=subject,
            field="includes",
            found=name,
            allowed="letters, digits and _, for a packaged part base/NAME",
            hint="Leave out the folder and .yaml.",
        )
    beside, packaged = f"{name}.yaml", f"templates/{name}.yaml"
    if folder is not None and (folder / beside).is_file():
        return beside
    if folder is None or not (folder / packaged).is_file():
        known = _packaged()
        if name not in known:
            raise KnowledgeError(
                "There is no template of this name to include.",
                subject=subject,
                field="includes",
                found=name,
                allowed=f"{', '.join(known)}, or a template in the same folder",
            )
    return packaged


def _packaged() -> tuple[str, ...]:
    """Return the names of all packaged files: templates, and the parts they are made of."""
    folder = resources.files("cytorecon.knowledge") / "templates"
    parts = [f"base/{Path(entry.name).stem}" for entry in (folder / "base").iterdir()]
    return (*template_names(), *sorted(parts))
