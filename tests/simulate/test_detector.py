from __future__ import annotations

import numpy as np

from cytorecon.simulate import SimulatorSettings, TubeSpec, load_settings
from cytorecon.simulate.cells import Light
from cytorecon.simulate.detector import detect, gains, stored_spillover, true_spillover

SETTINGS = load_settings()
DYES = len(SETTINGS.detectors.rows)


def noiseless() -> SimulatorSettings:
    rows = tuple(
        row.model_copy(update={"units_per_photoelectron": 1e-12, "dark_sd": 0.0, "baseline": 0.0})
        for row in SETTINGS.detectors.rows
    )
    zero = SETTINGS.detectors.laser_ln_sd.model_copy(update={"value": 0.0})
    detectors = SETTINGS.detectors.model_copy(update={"rows": rows, "laser_ln_sd": zero})
    return SETTINGS.model_copy(update={"detectors": detectors})


def light(dye: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Light:
    n = len(dye)
    return Light(np.full(n, 9e4), np.full(n, 2e4), np.full(n, 7e4), dye, np.zeros((n, DYES)))


def test_without_noise_the_stored_matrix_gives_back_every_dye() -> None:
    settings, rng = noiseless(), np.random.default_rng(3)
    gain = gains(TubeSpec(concentrations={}, detector_gain={"PE-A": 1.3, "APC-A": 0.7}), settings)
    dye = rng.uniform(0, 20_000, size=(500, DYES))
    matrix = true_spillover(gain, settings)
    events = detect(light(dye), gain, matrix, np.zeros(500), settings, rng)
    stored = stored_spillover(matrix, TubeSpec(concentrations={}), settings, rng)
    recovered = events[:, 3:9].astype(float) @ np.linalg.inv(stored.matrix)
    expected = dye * [gain[name] for name in stored.channels]
    # Rounded to 0.125 units; the matrix to 6 digits, of light up to 20,000 units.
    assert np.abs(recovered - expected).max() < 0.3


def test_photon_noise_grows_with_the_root_of_the_light() -> None:
    rng = np.random.default_rng(4)
    gain = gains(TubeSpec(concentrations={}), SETTINGS)
    sds = []
    for level in (2_000.0, 32_000.0):
        dye = np.zeros((20_000, DYES))
        dye[:, 0] = level
        events = detect(light(dye), gain, np.eye(DYES), np.zeros(20_000), SETTINGS, rng)
        sds.append(np.std(events[:, 3].astype(float)))
    fitc, laser = SETTINGS.detectors.rows[0], SETTINGS.detectors.laser_ln_sd.value
    for sd, level in zip(sds, (2_000.0, 32_000.0), strict=True):
        expected = level * fitc.units_per_photoelectron + fitc.dark_sd**2 + (laser * level) ** 2
        assert np.isclose(sd, np.sqrt(expected), rtol=0.03)


def test_values_saturate_at_the_upper_end_and_lie_on_the_step() -> None:
    dye = np.full((10, DYES), 400_000.0)
    events = detect(
        light(dye),
        gains(TubeSpec(concentrations={}), SETTINGS),
        np.eye(DYES),
        np.arange(10.0),
        SETTINGS,
        np.random.default_rng(5),
    )
    assert np.all(events[:, 3:9] == 262143)
    assert np.all(events * 8 == np.round(events * 8))
