"""``qiskit-direct verify``: whether the counts of a job are what the device's calibration promises."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from qiskit_direct_provider.cli.completion import job_ids
from qiskit_direct_provider.cli.options import AsJson, Where, with_account
from qiskit_direct_provider.cli.output import going_on, progress, wait_for, write_json, writing

if TYPE_CHECKING:
    from qiskit_direct_provider.verification.outcome import Check
    from qiskit_direct_provider.verification.verification import Verification

__all__ = ["verify"]

_DISTANCES = ("total_variation", "hellinger", "from_ideal")


@with_account
def verify(  # noqa: PLR0913, PLR0917 - one parameter per option of the command
    where: Where,
    job_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the job.", autocompletion=job_ids)],
    method: Annotated[
        Literal["direct", "mirror", "clifford"],
        typer.Option("--method", help="Look at the job itself, or run companions of its circuits now."),
    ] = "direct",
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="FILE", help="Write the report as a page for a browser."),
    ] = None,
    significance: Annotated[
        float, typer.Option("--significance", help="How often a healthy device may fail.")
    ] = 0.01,
    max_seconds: Annotated[
        float, typer.Option("--max-seconds", help="Longest simulation of one circuit, as estimated.")
    ] = 60.0,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Of the simulation. Default: the counts decide.", min=0)
    ] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", help="Longest wait for the job, in seconds.", min=0)
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Compare a job's counts with what the device's calibration promises.

    The exit code is 0 when they are consistent, and 1 when they are degraded or wrong.
    """
    with where.provider() as provider:
        job = provider.retrieve_job(job_id)
        if method == "direct":
            with going_on(job):
                wait_for(job, timeout)
        with progress(f"job {job_id}: comparing with the twin of {job.backend().name}"):
            found: Verification = job.backend().verify(
                job,
                method=method,
                significance=significance,
                max_seconds=max_seconds,
                seed=seed,
                timeout=timeout,
            )
    write_json(_document(found)) if as_json else typer.echo(found)
    if report is not None:
        with writing(report):
            found.save(report)
    raise typer.Exit(0 if found else 1)


def _document(found: Verification) -> dict[str, Any]:
    return {
        "job_id": found.job_id,
        "backend": found.backend_name,
        "verdict": found.verdict,
        "p_value": found.p_value,
        "significance": found.significance,
        "calibrated": found.calibrated,
        "checks": [_check(each) for each in found.checks],
    }


def _check(each: Check) -> dict[str, Any]:
    """One circuit. Its counts are those of ``qiskit-direct result``."""
    from dataclasses import asdict

    return {
        "name": each.name,
        "verdict": each.verdict.value,
        "p_value": each.p_value,
        "shots": each.shots,
        "way": each.way,
        "likeness": asdict(each.likeness),
        **{name: (distance := getattr(each, name)) and asdict(distance) for name in _DISTANCES},
        "outliers": [asdict(outlier) for outlier in each.outliers],
        "notes": list(each.notes),
    }
