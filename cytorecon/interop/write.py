"""Which files an export consists of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final, Literal

from cytorecon.interop.fhir import fhir_bundle
from cytorecon.interop.parquet import check_parquet, parquet
from cytorecon.interop.redcap import redcap_dictionary, redcap_table
from cytorecon.interop.registry import registry_sheet
from cytorecon.interop.tables import ExportTables
from cytorecon.interop.xlsx import workbook
from cytorecon.study.table import csv_text

ExportFormat = Literal["csv", "parquet", "xlsx", "registry", "fhir", "redcap"]
FORMATS: Final[tuple[ExportFormat, ...]] = ("csv", "parquet", "xlsx", "registry", "fhir", "redcap")

Files = Mapping[str, bytes]


def export_files(tables: ExportTables, formats: Collection[ExportFormat], *, approved: bool = False) -> Files:
    """Return the files of an export by their names; the same study gives the same bytes.

    Parameters
    ----------
    tables : ExportTables
        Of a study.
    formats : collection of str
        Of :data:`FORMATS`.
    approved : bool
        Whether a person approved the results; FHIR says so.

    Raises
    ------
    CytoreconError
        If Parquet is asked for and pyarrow is not installed.
    """
    if "parquet" in formats:
        check_parquet()
    made: dict[str, bytes] = {}
    for name in FORMATS:
        if name in formats:
            made |= _WRITERS[name](tables, approved)
    return made


def _csv(tables: ExportTables, _approved: bool) -> Files:
    return {f"{name}.csv": csv_text(table).encode("utf-8") for name, table in tables.by_name.items()}


def _parquet(tables: ExportTables, _approved: bool) -> Files:
    return {f"{name}.parquet": parquet(table) for name, table in tables.by_name.items()}


def _xlsx(tables: ExportTables, _approved: bool) -> Files:
    return {"study.xlsx": workbook(tables.by_name)}


def _registry(tables: ExportTables, _approved: bool) -> Files:
    return {"registry.csv": csv_text(registry_sheet(tables)).encode("utf-8")}


def _fhir(tables: ExportTables, approved: bool) -> Files:
    return {"fhir_bundle.json": fhir_bundle(tables, approved=approved).encode("utf-8")}


def _redcap(tables: ExportTables, _approved: bool) -> Files:
    return {
        "redcap_data.csv": csv_text(redcap_table(tables)).encode("utf-8"),
        "redcap_dictionary.csv": csv_text(redcap_dictionary(tables)).encode("utf-8"),
    }


_WRITERS: Final[Mapping[ExportFormat, Callable[[ExportTables, bool], Files]]] = {
    "csv": _csv,
    "parquet": _parquet,
    "xlsx": _xlsx,
    "registry": _registry,
    "fhir": _fhir,
    "redcap": _redcap,
}
