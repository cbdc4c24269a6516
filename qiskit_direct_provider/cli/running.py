"""``qiskit-direct run``: a circuit from a file, to counts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qiskit_direct_provider.cli.completion import backend_names
from qiskit_direct_provider.cli.options import AsJson, Where, with_account
from qiskit_direct_provider.cli.output import going_on, progress, wait_for, write_json
from qiskit_direct_provider.cli.results import Top, result_document, show_result

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

__all__ = ["run"]

_VERSION = re.compile(r"^\s*OPENQASM\s+(\d)", re.MULTILINE)


@with_account
def run(  # noqa: PLR0913, PLR0917 - one parameter per option of the command
    where: Where,
    file: Annotated[
        Path, typer.Argument(metavar="FILE.qasm", exists=True, dir_okay=False, help="OpenQASM 2 or 3.")
    ],
    backend: Annotated[
        str | None,
        typer.Option("--backend", "-b", help="Default: the least busy.", autocompletion=backend_names),
    ] = None,
    shots: Annotated[int | None, typer.Option("--shots", "-s", help="Default: the backend's.", min=1)] = None,
    name: Annotated[str | None, typer.Option("--name", help="A name for the job.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A tag. Repeatable.")] = None,
    optimization_level: Annotated[
        int, typer.Option("--optimization-level", "-O", help="Of Qiskit's transpiler.", min=0, max=3)
    ] = 2,
    wait_for_lane: Annotated[
        str | None, typer.Option("--wait", metavar="TIME", help="How long to wait for a free lane: 10m.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", help="Longest wait, in seconds.", min=0)
    ] = None,
    top: Top = 10,
    *,
    detach: Annotated[bool, typer.Option("--detach", help="Print the job's id and do not wait.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a circuit, and show its counts. It is transpiled for the backend."""
    circuit = _read(file)
    with where.provider() as provider:
        with progress(f"{file.name}: transpiling") as change:
            device = provider.get_backend(backend) if backend else provider.least_busy()
            isa = _transpiled(circuit, device, optimization_level)
            change(f"{file.name}: sending to {device.name}")
            job = device.run(
                isa, shots=shots, name=name or file.stem, job_tags=tag or None, wait_for_lane=wait_for_lane
            )
        if detach:
            known = {"job_id": job.job_id(), "backend": device.name}
            write_json(known) if as_json else typer.echo(job.job_id())
            return
        with going_on(job):
            if not as_json:
                typer.echo(f"job {job.job_id()} on {device.name}")
            wait_for(job, timeout)
            document = result_document(job)
    write_json(document) if as_json else show_result(document, top)


def _transpiled(circuit: QuantumCircuit, backend: object, level: int) -> QuantumCircuit:
    from qiskit import transpile

    found: QuantumCircuit = transpile(circuit, backend, optimization_level=level)
    return found


def _read(file: Path) -> QuantumCircuit:
    """The circuit of a file.

    Raises:
        InvalidCircuitError: It is not OpenQASM, or measures nothing.
        UnsupportedError: OpenQASM 3 needs a package that is not there.
    """
    from qiskit import qasm2, qasm3
    from qiskit.exceptions import MissingOptionalLibraryError, QiskitError

    from qiskit_direct_provider.errors import InvalidCircuitError, UnsupportedError

    try:
        text = file.read_text(encoding="utf-8")
        version = _VERSION.search(text)
        three = version is not None and version[1] == "3"
        circuit: QuantumCircuit = (
            qasm3.loads(text)
            if three
            else qasm2.loads(text, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
        )
    except MissingOptionalLibraryError as error:
        raise UnsupportedError(
            f"{file} is OpenQASM 3, for which pip install 'qiskit-direct-provider[service]' is needed"
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidCircuitError(f"{file} is not text") from error
    except QiskitError as error:
        raise InvalidCircuitError(f"{file} is not OpenQASM that can be read: {error.message}") from error
    circuit.name = file.stem
    return circuit
