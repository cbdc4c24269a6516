"""What the commands print, as tables and as JSON, and how they end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from odd_bodies import OddProxy
from qiskit import QuantumCircuit, qasm2, transpile
from qiskit.quantum_info import SparsePauliOp
from typer.main import get_command

from qiskit_direct_provider import DirectBackend, EstimatorV2
from qiskit_direct_provider.cli import app

if TYPE_CHECKING:
    from conftest import Done
    from qiskit_direct_provider.service.process import LocalService

Cli = Callable[..., "Done"]

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"
COMMANDS = (
    *("demo", "serve", "accounts", "accounts save", "accounts list", "accounts delete", "backends"),
    *("backend", "run", "jobs", "job", "result", "cancel", "verify", "snapshot", "doctor"),
)
pytestmark = pytest.mark.usefixtures("connected")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(cli: Cli, command: str) -> None:
    done = cli(*command.split(), "--help")
    assert done.code == 0
    assert f"qiskit-direct {command}" in done.out


def test_every_command_has_a_session_in_the_reference() -> None:
    """Each block of the language console is run when the documents are built."""

    def words(command: Any, before: tuple[str, ...] = ()) -> Iterator[str]:
        if before:
            yield " ".join(before)
        for name, each in getattr(command, "commands", {}).items():
            yield from words(each, (*before, name))

    assert sorted(words(get_command(app))) == sorted(COMMANDS)
    sessions = "".join(re.findall("```console\n(.*?)```", REFERENCE.read_text(), re.DOTALL))
    shown = set(re.findall(r"^\$.*?qiskit-direct ((?:accounts )?\w+)", sessions, re.MULTILINE))
    assert shown == set(COMMANDS) - {"accounts"}


def test_backends_are_a_table(cli: Cli) -> None:
    done = cli("backends", "fake_(torino|nairobi)")
    assert done.code == 0, done.err
    (torino,) = [line for line in done.out.splitlines() if "fake_torino" in line]
    assert re.search(r"online .* cz .* 133 .* \d\.\d+e-0\d .* \d\.\d+e-0\d .* \d+ µs .* \d+ µs", torino)
    assert "fake_manila" not in done.out


def test_backends_as_json(cli: Cli, torino: DirectBackend) -> None:
    found = cli("backends", "--min-qubits", 120, "--operational", "--json").json
    assert {each["name"] for each in found} == {"fake_torino", "fake_brisbane", "fake_nighthawk", "fake_fez"}
    (entry,) = [each for each in found if each["name"] == "fake_torino"]
    assert (entry["num_qubits"], entry["state"], entry["two_qubit_gate"]) == (133, "online", "cz")
    times = sorted(qubit.t1 for qubit in torino.target.qubit_properties if qubit.t1)
    assert entry["median_t1_s"] == pytest.approx(times[len(times) // 2], rel=0.02)


def test_a_backend_is_shown(cli: Cli, tmp_path: Path) -> None:
    page = tmp_path / "map.html"
    done = cli("backend", "fake_nairobi", "--map", "--save-map", page)
    assert done.code == 0, done.err
    for words in (
        r"qubits +│ 7",
        r"lanes +│ 5",
        r"median T1 +│ [\d.]+ µs",
        "0----1----2",
        "largest cx errors: ",
    ):
        assert re.search(words, done.out), words
    assert page.read_text().startswith("<!DOCTYPE html>")


def test_a_backend_without_a_map(cli: Cli) -> None:
    done = cli("backend", "fake_nairobi")
    assert (done.code, "0----1----2" in done.out) == (0, False)
    assert re.search(r"qubits +│ 7", done.out)


def test_a_backend_that_cannot_be_read_hides_no_other(
    cli: Cli, connected: LocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = OddProxy(connected.url)
    monkeypatch.setenv("QISKIT_DIRECT_URL", proxy.url)
    with proxy.odd("GET", ".*/fake_nairobi/configuration", "null"):
        found = {each["name"]: each for each in cli("backends", "fake_(nairobi|manila)", "--json").json}
    proxy.close()
    assert found["fake_manila"]["num_qubits"] == 5
    assert set(found["fake_nairobi"]) == {"name", "problem"}


def test_a_result_that_is_no_table_is_named(cli: Cli, nairobi: DirectBackend) -> None:
    circuit = QuantumCircuit(1, 1, name="traces")
    circuit.measure(0, 0)
    job = nairobi.run(circuit, shots=10, meas_level=1)
    done = cli("result", job.job_id())
    assert (done.code, done.err) == (0, "")
    assert "traces: --json shows its data" in done.out


def test_a_backend_as_json(cli: Cli, nairobi: DirectBackend) -> None:
    found = cli("backend", "fake_nairobi", "--json").json
    assert [qubit["t1_s"] for qubit in found["qubits"]] == [
        qubit.t1 for qubit in nairobi.target.qubit_properties
    ]
    assert [tuple(each["pair"]) for each in found["couplings"]] == [
        (0, 1),
        (1, 2),
        (1, 3),
        (3, 5),
        (4, 5),
        (5, 6),
    ]
    best = min(nairobi.target["cx"][pair].error for pair in ((0, 1), (1, 0)))
    assert found["couplings"][0]["error"] == best
    assert (found["lanes"], found["operational"]) == (5, True)


def test_a_circuit_is_run_and_its_counts_are_shown(cli: Cli, bell: Path) -> None:
    done = cli("run", bell, "--backend", "fake_nairobi", "--shots", 200, "--top", 1)
    assert done.code == 0, done.err
    assert re.search("^job [0-9a-f-]{36} on fake_nairobi$", done.out, re.MULTILINE)
    assert "bell: 200 shots" in done.out
    assert re.search("│ +(00|11) │ +\\d+ │ +[\\d.]+% │", done.out)
    assert "--top 0 shows all" in done.out


def test_an_openqasm_2_file_runs_too(cli: Cli, tmp_path: Path) -> None:
    circuit = QuantumCircuit(3, 3)
    circuit.x([0, 2])
    circuit.measure(range(3), range(3))
    file = tmp_path / "old.qasm"
    file.write_text(qasm2.dumps(circuit))
    found = cli("run", file, "-b", "fake_nairobi", "-s", 100, "--json").json
    (result,) = found["results"]
    assert (result["name"], result["shots"], sum(result["counts"].values())) == ("old", 100, 100)
    assert max(result["counts"], key=result["counts"].get) == "101"


def test_a_job_is_detached_found_and_read(cli: Cli, bell: Path) -> None:
    sent = cli(
        "run", bell, "-b", "fake_nairobi", "-s", 50, "--detach", "--tag", "mine", "--name", "my bell"
    ).out
    job_id = sent.strip()
    read = cli("result", job_id, "--timeout", 60, "--json").json
    assert read["job_id"] == job_id
    assert sum(read["results"][0]["counts"].values()) == 50
    (listed,) = cli("jobs", "--tag", "mine", "--status", "done", "--json").json
    known = cli("job", job_id, "--watch", "--json").json
    assert known == listed
    assert (known["status"], known["name"], known["tags"]) == ("DONE", "my bell", ["mine"])
    assert known["quantum_seconds"] > 0
    table = cli("jobs", "--limit", 1, "--tag", "mine").out
    assert re.search(f"{job_id} │ fake_nairobi │ DONE +│ 20.* │ my bell │ mine", table)
    assert re.search("quantum time +│ ", cli("job", job_id).out)
    logs = cli("job", job_id, "--logs")
    assert (logs.code, logs.err) == (0, "")


def test_values_of_the_estimator_are_shown(cli: Cli, nairobi: DirectBackend) -> None:
    circuit = QuantumCircuit(1)
    circuit.x(0)
    isa = transpile(circuit, nairobi)
    observables = [SparsePauliOp(name).apply_layout(isa.layout) for name in ("Z", "X")]
    job = EstimatorV2(mode=nairobi).run([(isa, observables)], precision=0.05)
    (result,) = cli("result", job.job_id(), "--json").json["results"]
    assert result["values"][0] == pytest.approx(-1, abs=0.2)
    assert len(result["standard_errors"]) == 2
    assert "standard error" in cli("result", job.job_id()).out


def test_jobs_are_cancelled(cli: Cli, bell: Path) -> None:
    job_id = cli("run", bell, "-b", "fake_nairobi", "--shots", 10, "--detach").out.strip()
    cli("result", job_id)
    assert cli("cancel", job_id, "--json").json == [{"job_id": job_id, "cancelled": False}]
    assert cli("cancel", job_id).out == f"{job_id}: had ended already\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "there-is-no-such-file.qasm"],
        ["run"],
        ["result"],
        ["cancel"],
        ["jobs", "--limit", "-1"],
        ["jobs", "--since", "yesterday"],
        ["backends", "--no-such-option"],
        ["backends", "--token-from", "KEY-THAT-IS-SECRET"],
        ["accounts", "save", "--url", "https://a.example", "--token-from", "file:"],
    ],
)
def test_wrong_use_ends_with_2(cli: Cli, arguments: list[str]) -> None:
    done = cli(*arguments)
    assert done.code == 2
    assert "Traceback" not in done.err
    assert "SECRET" not in done.err + done.out


def test_nothing_but_json_is_printed(cli: Cli, bell: Path) -> None:
    found: dict[str, Any] = cli("run", bell, "-b", "fake_nairobi", "-s", 10, "--detach", "--json").json
    assert set(found) == {"job_id", "backend"}
    cli("result", found["job_id"])
