"""``qiskit-direct jobs`` and ``job``: what was sent, and how it gets on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from qiskit_direct_provider.cli.completion import backend_names, job_ids, statuses
from qiskit_direct_provider.cli.options import AsJson, Where, with_account
from qiskit_direct_provider.cli.output import going_on, progress, rows, table, wait_for, write_json

__all__ = ["job", "jobs"]


@with_account
def jobs(  # noqa: PLR0913, PLR0917 - one parameter per option of the command
    where: Where,
    limit: Annotated[int, typer.Option("--limit", "-n", help="Most jobs to list; 0 for all.", min=0)] = 10,
    skip: Annotated[int, typer.Option("--skip", help="Leave out the first ones.", min=0)] = 0,
    backend: Annotated[
        str | None, typer.Option("--backend", help="Only of this backend.", autocompletion=backend_names)
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option("--status", help="Only in this state. Repeatable.", autocompletion=statuses),
    ] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="Only with this tag. Repeatable.")] = None,
    since: Annotated[datetime | None, typer.Option("--since", help="Only created since, local time.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first: those on record here and those that the service holds."""
    from qiskit_direct_provider.views.units import moment_text

    with where.provider() as provider, progress("jobs") as _:
        found = provider.jobs(
            limit=limit or None,
            skip=skip,
            backend_name=backend,
            status=[word.upper() for word in status] if status else None,
            job_tags=tag or None,
            start_datetime=since.astimezone() if since else None,
        )
        known = [each.known() for each in found]
    if as_json:
        write_json(known)
        return
    headings = ("job", "backend", "status", "created", "name", "tags")
    cells = [
        (
            each["job_id"],
            each["backend"],
            each["status"],
            moment_text(each["created"]),
            each["name"] or "",
            ", ".join(each["tags"]),
        )
        for each in known
    ]
    table(dict.fromkeys(headings, False), cells)


@with_account
def job(
    where: Where,
    job_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the job.", autocompletion=job_ids)],
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Wait until it has ended.")] = False,
    logs: Annotated[bool, typer.Option("--logs", help="What the service wrote about it, alone.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a job: its state, times and why it failed. The exit code says whether it could be asked for."""
    from qiskit_direct_provider.views.job import job_rows

    with where.provider() as provider:
        found = provider.retrieve_job(job_id)
        if watch:
            with going_on(found):
                wait_for(found, None)
        if logs:
            typer.echo(found.logs() or "", nl=False)
            return
        with progress(job_id) as _:
            found.status()
        known = found.known()
    if as_json:
        write_json(known)
    else:
        rows(
            f"job {known['job_id']}",
            {key: value for key, value in job_rows(known).items() if key != "job id"},
        )
