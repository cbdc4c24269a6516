"""The package as a whole: what an import costs, what is public, what it depends on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import qiskit_direct_provider

ROOT = Path(__file__).parents[1]
HEAVY = ["qiskit_ibm_runtime", "qiskit_aer", "boto3", "botocore", "fastapi", "requests"]

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = None  # Python 3.10 has no reader; the other versions run that test


def modules_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules, sep='\\n')"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(found.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import qiskit_direct_provider",
        "from qiskit_direct_provider import DirectProvider, DirectBackend, DirectJob, S3Storage, errors",
        "from qiskit_direct_provider import SamplerV2, EstimatorV2",
    ],
)
def test_an_import_brings_no_heavy_package(statement: str) -> None:
    assert modules_after(statement).isdisjoint(HEAVY)


def test_results_need_no_other_client() -> None:
    """Neither Aer nor qiskit-ibm-runtime is loaded on the way from circuit to result."""
    statement = (
        "import qiskit_direct_provider.programs, qiskit_direct_provider.results, qiskit_direct_provider.job"
    )
    assert modules_after(statement).isdisjoint({"qiskit_ibm_runtime", "qiskit_aer"})


def test_an_import_does_nothing_else() -> None:
    """No file is written, no connection made, no thread started."""
    code = """
import sys, threading
events = []
def hook(event, arguments):
    if event.startswith("socket.") or event == "subprocess.Popen":
        events.append(event)
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        events.append(arguments)
import qiskit
sys.dont_write_bytecode = True
sys.addaudithook(hook)
from qiskit_direct_provider import DirectProvider
assert not events, events
assert threading.active_count() == 1
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_public_names_exist() -> None:
    for name in qiskit_direct_provider.__all__:
        assert getattr(qiskit_direct_provider, name) is not None
    assert set(qiskit_direct_provider.__all__) <= set(dir(qiskit_direct_provider))
    assert re.match(r"\d+\.\d+", qiskit_direct_provider.__version__)
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = qiskit_direct_provider.Nothing


@pytest.mark.skipif(tomllib is None, reason="tomllib came with Python 3.11")
def test_the_lowest_releases_are_those_of_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["service"]]
    lower = dict(re.match(r"([\w-]+)(?:\[\w+\])?>=([\d.]+)(?:;.*)?$", text).groups() for text in wanted)
    lines = [line for line in (ROOT / "tests" / "lowest.txt").read_text().splitlines() if "==" in line]
    tested = dict(line.split("==") for line in lines)
    assert tested.keys() == lower.keys()
    for name, version in tested.items():
        assert version == lower[name] or version.startswith(f"{lower[name]}."), name
