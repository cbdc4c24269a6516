"""The tutorial for those who come from ``IBMProvider``: executed as it is, and what each cell shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from executed import Shown, execute

TUTORIAL = Path(__file__).parents[1] / "docs" / "tutorials" / "accounts_backends_jobs.ipynb"

pytestmark = [
    # Warnings of Jupyter's own machinery are not ours.
    pytest.mark.filterwarnings("default"),
]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """Any cell that raises is a failure here."""
    return execute(TUTORIAL, tmp_path_factory.mktemp("home"))


def test_nothing_is_warned_of(shown: Shown) -> None:
    assert shown.warned() == []


def test_the_account_is_saved_and_used_without_its_secrets(shown: Shown) -> None:
    for cell in ("saved", "provider"):
        assert "'token': '***'" in shown.value(cell)
        assert "'secret_access_key': '***'" in shown.value(cell)
        assert "crn:v1:bluemix" in shown.value(cell)
    assert "the account 'default' of" in shown.value("provider")
    assert shown.value("delete") == "(True, {})"


def test_backends_are_found(shown: Shown) -> None:
    everything = {"ibmq_belem", "ibmq_vigo", "ibmq_qasm_simulator"}
    assert shown.value("get_backend") == "<DirectBackend 'ibmq_qasm_simulator'>"
    assert set(re.findall("ibmq_[a-z_]+", shown.value("all"))) == everything
    for cell in ("devices", "lambda"):
        assert set(re.findall("ibmq_[a-z_]+", shown.value(cell))) == {"ibmq_belem", "ibmq_vigo"}
    assert shown.value("least_busy") in {"<DirectBackend 'ibmq_belem'>", "<DirectBackend 'ibmq_vigo'>"}
    assert shown.value("attribute") == "<DirectBackend 'ibmq_vigo'>"


def test_a_backend_says_what_it_is(shown: Shown) -> None:
    name = shown.value("least_busy").split("'")[1]
    status = shown.value("status")
    assert status.startswith("(<DirectProvider direct_access at http://127.0.0.1:")
    for part in (
        f"'backend_name': '{name}'",
        "'backend_version': '",
        "'operational': True",
        "'pending_jobs': 0",
    ):
        assert part in status
    configuration = shown.value("configuration")
    for part in ("'n_qubits': 5", "'simulator': False", "'max_shots': ", "'coupling_map': [[0, 1]", "'dt': "):
        assert part in configuration


def test_properties_are_in_si_units(shown: Shown) -> None:
    """The tutorial of old printed seconds and called them microseconds."""
    numbers = [float(text) for text in re.findall(r"of ([\d.e-]+)", shown.printed("properties"))]
    t1, t2, error, duration, frequency = numbers
    assert 10 < t1 < 1000
    assert 10 < t2 < 1000
    assert 1e-5 < error < 1e-1
    assert 10 < duration < 200
    assert 4 < frequency < 6


def test_a_job_is_run_watched_and_read(shown: Shown) -> None:
    assert shown.value("run").startswith("<JobStatus.")
    monitored = shown.displayed("monitor")
    assert monitored["text/plain"] == "Job Status: job has successfully run"
    assert re.search("DONE.*ibmq_|ibmq_.*DONE", monitored["text/html"], re.DOTALL)
    counts = dict(re.findall(r"'([01]{3})': (\d+)", shown.printed("result")))
    assert sum(map(int, counts.values())) == 1024
    # x, x, ccx, cx on 000 give q0 = 1, q1 = 0, q2 = 1, and the rightmost bit is q0.
    assert max(counts, key=lambda bits: int(counts[bits])) == "101"
    backend, job_id = re.fullmatch(r"\((<.*>), '([0-9a-f-]{36})'\)", shown.value("job")).groups()
    assert backend == shown.value("least_busy")
    assert f"{job_id} JobStatus.DONE" in shown.printed("jobs")
    assert shown.value("retrieve") == "True"
    assert shown.value("cancel") == "True"
    assert shown.value("creation_date").startswith("datetime.datetime(20")
    for part in ("['tutorial']", "'CREATING': ", "'COMPLETED': "):
        assert part in shown.value("more")


def test_the_version_is_shown(shown: Shown) -> None:
    assert re.fullmatch(r"qiskit-direct-provider version: \d+\.\d+.*\n", shown.printed("version"))
