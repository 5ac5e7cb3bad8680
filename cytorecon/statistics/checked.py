"""The one door for arrays: same length, finite where they have to be, named when they are not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cytorecon.errors import CytoreconError

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]


def numbers(values: npt.ArrayLike, *, name: str, infinite: bool = False) -> Numbers:
    """Return `values` as a flat array of numbers.

    Parameters
    ----------
    values : array-like
        Shape (n,).
    name : str
        What an error calls it.
    infinite : bool
        Whether infinity is allowed; NaN never is.

    Raises
    ------
    CytoreconError
        If there is another shape, or a value that is not allowed.

    Examples
    --------
    >>> numbers([1, 2], name="day")
    array([1., 2.])
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise CytoreconError(
            "One number per patient is asked for.", subject=name, found=f"an array of {array.ndim} dimensions"
        )
    bad = np.isnan(array) if infinite else ~np.isfinite(array)
    if bad.any():
        raise CytoreconError(
            "There is no number.",
            subject=name,
            found=f"{int(bad.sum())} of {len(array)} not known" + ("" if infinite else " or infinite"),
            hint="Leave those patients out, and say so.",
        )
    return array


def same_length(**arrays: npt.NDArray[np.generic]) -> int:
    """Return the length that all arrays share.

    Raises
    ------
    CytoreconError
        If the lengths differ, or are 0.

    Examples
    --------
    >>> same_length(day=np.zeros(3), event=np.zeros(3))
    3
    """
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) != 1:
        found = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise CytoreconError("The lengths differ.", subject=", ".join(arrays), found=found)
    length = next(iter(lengths.values()))
    if length == 0:
        raise CytoreconError("There are no patients.", subject=", ".join(arrays))
    return length
