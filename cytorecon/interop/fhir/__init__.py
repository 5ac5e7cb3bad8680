"""Concentrations as FHIR R4 Observations."""

from cytorecon.interop.fhir.bundle import fhir_bundle

__all__ = ["fhir_bundle"]
