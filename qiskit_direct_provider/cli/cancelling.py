"""``qiskit-direct cancel``: ask for the end of jobs."""

from __future__ import annotations

from typing import Annotated

import typer

from qiskit_direct_provider.cli.completion import job_ids
from qiskit_direct_provider.cli.options import AsJson, Where, with_account
from qiskit_direct_provider.cli.output import write_json

__all__ = ["cancel"]


@with_account
def cancel(
    where: Where,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of jobs.", autocompletion=job_ids)],
    *,
    as_json: AsJson = False,
) -> None:
    """Ask the service to end jobs. One that has ended already is left as it is."""
    with where.provider() as provider:
        agreed = {job_id: provider.retrieve_job(job_id).cancel() for job_id in ids}
    if as_json:
        write_json([{"job_id": job_id, "cancelled": word} for job_id, word in agreed.items()])
        return
    for job_id, word in agreed.items():
        typer.echo(f"{job_id}: {'will be cancelled' if word else 'had ended already'}")
