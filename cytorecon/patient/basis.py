"""What a statement of the model rests on, as cells of its row."""

from __future__ import annotations

from cytorecon.patient.model import Recovery, RecoveryModel
from cytorecon.study.frame import Cell


def rests_on(patient: str, model: RecoveryModel) -> dict[str, Cell]:
    """Return the columns ``n_patients`` to ``reason`` of a patient of a pool.

    Parameters
    ----------
    patient : str
        Of the pool.
    model : RecoveryModel
        What the row was computed with.
    """
    own = model.values[patient]
    last = int(own.days[-1])
    below = len(own.days) - own.measured
    visits = f"{len(own.days)} visit{'s' * (len(own.days) != 1)} of this patient up to day {last}"
    limits = f", {below} of them below the limit" if below else ""
    others = f"{len(model.pool.patients)} patients ({model.pool.name})"
    left_out = f"; left out: {own.left_out} visits counted in another way" if own.left_out else ""
    return {
        "n_patients": len(model.pool.patients),
        "pool": model.pool.name,
        "n_visits": len(own.days),
        "last_day": last,
        "rests_on": f"{visits}{limits}, and {others}{left_out}",
        "reason": "",
    }


def nothing(reason: str) -> dict[str, Cell]:
    """Return the same columns of a row that can state nothing."""
    return {
        "n_patients": None,
        "pool": "",
        "n_visits": None,
        "last_day": None,
        "rests_on": "",
        "reason": reason,
    }


def why_ended(patient: str, recovery: Recovery) -> str:
    """Return which event ended the patient's clock, empty when none did."""
    end = recovery.ends.get(patient)
    return "" if end is None else f"{end.name} on day {end.day} ended the clock"
