"""The notebooks of docs/examples: executed as they are, and the numbers that a reader is promised."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import numpy as np
import pytest
from executed import Shown, execute

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
PYTHON, NUMPY = sys.version_info[:2], tuple(map(int, np.__version__.split(".")[:2]))
CANNOT = {  # by notebook: whether its package cannot be installed here, and why
    "ghz_readout_mitigation": (PYTHON >= (3, 13), "mthree has no wheel for Python 3.13"),
    "zero_noise_extrapolation": (
        importlib.util.find_spec("mitiq") is None and (PYTHON not in {(3, 11), (3, 12)} or NUMPY >= (2, 3)),
        "mitiq 1.1 needs Python 3.11 or 3.12 and NumPy below 2.3: tox -e docs has them",
    ),
}
NUMBER = r"(-?\d[\d.e-]*)"

pytestmark = [
    pytest.mark.newest,
    pytest.mark.filterwarnings("default"),  # those of Jupyter's own machinery are not ours
]


@pytest.fixture
def shown(request: pytest.FixtureRequest, tmp_path: Path) -> Shown:
    """A notebook after its run; any cell that raises is a failure here."""
    cannot, reason = CANNOT.get(request.param, (False, ""))
    if cannot:
        pytest.skip(reason)
    return execute(EXAMPLES / f"{request.param}.ipynb", tmp_path)


def of(notebook: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The notebook that a test is about."""
    return pytest.mark.parametrize("shown", [notebook], indirect=True, ids=[notebook])


@of("ghz_readout_mitigation")
def test_readout_mitigation_makes_a_ghz_state_better(shown: Shown) -> None:
    """Errors of readout: within 6 standard errors of 16,000 shots (below 1e-8), and 0.003 for the X gate."""
    pairs = re.findall(rf"{NUMBER} found, {NUMBER} in", shown.printed("calibration"))
    assert len(pairs) == 5
    for found, known in pairs:
        assert abs(float(found) - float(known)) < 6 * (float(known) / 16_000) ** 0.5 + 0.003
    raw, mended = float(shown.value("raw")), float(shown.value("mended"))
    assert raw < 0.92
    assert raw + 0.04 < mended < 1
    assert "image/png" in shown.displayed("plot")


@of("t1_and_rb")
def test_t1_and_the_error_of_a_gate_are_the_calibrations(shown: Shown) -> None:
    t1, error, known = map(float, re.findall(rf"{NUMBER}(?: us|$| \+-)", shown.printed("t1")))
    assert abs(t1 - known) < 5 * error + 0.05 * known
    found, known = map(float, re.findall(rf"{NUMBER}(?:,|$)", shown.printed("rb"), re.MULTILINE))
    assert known / 2.5 < found < 2.5 * known
    for figure in ("t1_figure", "rb_figure"):
        assert {"image/svg+xml", "image/png"} & shown.types(figure)


@of("zero_noise_extrapolation")
def test_extrapolation_comes_closer_to_the_ideal(shown: Shown) -> None:
    raw, mitigated = map(float, re.findall(r"0\.\d+|1\.\d+", shown.printed("zne")))
    assert 0.75 < raw < 0.9
    assert 1 - mitigated < (1 - raw) / 1.5
    assert mitigated < 1.02
    assert "image/png" in shown.displayed("plot")


@of("vqe")
def test_the_energy_is_found(shown: Shown) -> None:
    """A steep curve: without a search the energy is off by 0.9 on average."""
    exact = float(shown.value("molecule"))
    assert exact == pytest.approx(-1.857275, abs=1e-5)
    energy = float(re.search(rf"energy {NUMBER} hartree", shown.printed("search")).group(1))  # type: ignore[union-attr]  # the page prints it
    assert abs(energy - exact) < 0.1
    assert "image/png" in shown.displayed("curve")


@of("dynamic_circuit")
def test_the_state_arrives_only_with_the_corrections(shown: Shown) -> None:
    assert shown.value("setup") == "True"
    corrected, alone = map(float, re.findall(r"0\.\d+", shown.printed("deviation")))
    assert corrected < 0.1
    assert 0.4 < alone < 0.6
    assert "image/png" in shown.displayed("plot")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_kept_without_outputs(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)


def test_every_notebook_has_a_test_and_is_listed() -> None:
    names = {path.stem for path in NOTEBOOKS}
    assert set(re.findall(r'^@of\("(\w+)"\)', Path(__file__).read_text(), re.MULTILINE)) == names
    assert set(re.findall(r"\((\w+)\.ipynb\)", (EXAMPLES / "index.md").read_text())) == names
