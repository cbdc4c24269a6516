"""``qiskit-direct result``: counts of shots, or expectation values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from qiskit_direct_provider.cli.completion import job_ids
from qiskit_direct_provider.cli.options import AsJson, Where, with_account
from qiskit_direct_provider.cli.output import console, going_on, table, wait_for, write_json

if TYPE_CHECKING:
    from qiskit_direct_provider.job import DirectJob

__all__ = ["Top", "result", "result_document", "show_result"]

ESTIMATOR = "estimator"
Top = Annotated[int, typer.Option("--top", help="Most rows for each circuit; 0 for all.", min=0)]


@with_account
def result(
    where: Where,
    job_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the job.", autocompletion=job_ids)],
    timeout: Annotated[
        float | None, typer.Option("--timeout", help="Longest wait, in seconds.", min=0)
    ] = None,
    top: Top = 10,
    *,
    as_json: AsJson = False,
) -> None:
    """Wait for a job, and show its counts or values. It is kept here, and frees its lane at the service."""
    with where.provider() as provider:
        job = provider.retrieve_job(job_id)
        with going_on(job):
            wait_for(job, timeout)
            document = result_document(job)
    if as_json:
        write_json(document)
    else:
        show_result(document, top)


def result_document(job: DirectJob) -> dict[str, Any]:
    """The result for JSON: counts, or values and their standard errors, a list for each circuit."""
    head = {"job_id": job.job_id(), "backend": job.backend().name}
    if job.known()["program"] == ESTIMATOR:
        pubs = [
            {"values": _numbers(pub.data.evs), "standard_errors": _numbers(pub.data.stds)}
            for pub in job.primitive_result()
        ]
        return {**head, "results": pubs}
    found = job.result()
    circuits = [
        {**_head(each), "counts": dict(found.get_counts(index))}
        if hasattr(each.data, "counts")
        else {**_head(each), "data": each.data.to_dict()}
        for index, each in enumerate(found.results)
    ]
    return {**head, "results": circuits}


def _head(circuit: Any) -> dict[str, Any]:
    return {"name": circuit.header.get("name"), "shots": circuit.shots}


def _numbers(values: Any) -> Any:
    import numpy as np

    return np.asarray(values).tolist()


def show_result(document: dict[str, Any], top: int) -> None:
    """A table for each circuit."""
    for number, each in enumerate(document["results"]):
        if "counts" in each:
            console().print(f"{each['name']}: {each['shots']} shots", markup=False)
            shares = sorted(each["counts"].items(), key=lambda entry: (-entry[1], entry[0]))
            cells = [(bits, str(count), f"{count / each['shots']:.2%}") for bits, count in shares]
            table({"bits": True, "counts": True, "share": True}, cells[: top or None])
            left_out = len(cells) - top if top else 0
            if left_out > 0:
                console().print(f"and {left_out} more: --top 0 shows all")
        elif "values" in each:
            console().print(f"pub {number}")
            pairs = zip(_flat(each["values"]), _flat(each["standard_errors"]), strict=True)
            cells = [(str(at), f"{value:.6g}", f"{error:.2g}") for at, (value, error) in enumerate(pairs)]
            table({"": True, "value": True, "standard error": True}, cells[: top or None])
        else:
            console().print(f"{each['name']}: --json shows its data", markup=False)


def _flat(values: Any) -> list[float]:
    import numpy as np

    found: list[float] = np.ravel(values).tolist()
    return found
