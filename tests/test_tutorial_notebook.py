"""The tutorial for those who come from ``IBMProvider``: executed as it is, and what each cell shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

TUTORIAL = Path(__file__).parents[1] / "docs" / "tutorials" / "accounts_backends_jobs.ipynb"

pytestmark = [
    # Warnings of Jupyter's own machinery are not ours.
    pytest.mark.filterwarnings("default"),
]


class Shown:
    """What the cells of an executed notebook show, by the cells' ids."""

    def __init__(self, notebook: Any) -> None:
        self._cells = {cell["id"]: cell for cell in notebook.cells if cell.cell_type == "code"}

    def value(self, cell: str) -> str:
        """The value of the last line, as text."""
        (found,) = [each for each in self._cells[cell].outputs if each.output_type == "execute_result"]
        return str(found.data["text/plain"])

    def printed(self, cell: str) -> str:
        return "".join(each.text for each in self._cells[cell].outputs if each.output_type == "stream")

    def displayed(self, cell: str) -> dict[str, str]:
        """What the cell displays, by type, as it was updated last."""
        (found,) = [each for each in self._cells[cell].outputs if each.output_type == "display_data"]
        return dict(found.data)

    def warned(self) -> list[str]:
        return [
            each.text
            for cell in self._cells.values()
            for each in cell.outputs
            if each.output_type == "stream" and each.name == "stderr"
        ]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    """Any cell that raises is a failure here."""
    notebook = nbformat.read(TUTORIAL, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QISKIT_DIRECT_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        client = NotebookClient(
            notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": TUTORIAL.parent}}
        )
        client.execute()
    return Shown(notebook)


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
