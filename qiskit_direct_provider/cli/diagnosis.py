"""``qiskit-direct doctor``: what is wrong with the set-up, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from qiskit_direct_provider.cli.options import AsJson, Where, with_account
from qiskit_direct_provider.cli.output import write_json

if TYPE_CHECKING:
    from qiskit_direct_provider.doctor import Finding

__all__ = ["doctor"]

_COLOURS = {"ok": "green", "note": "yellow", "failed": "red", "skipped": "bright_black"}


@with_account
def doctor(
    where: Where,
    *,
    probe: Annotated[
        bool,
        typer.Option(
            "--probe", help="Also send a job that fails on purpose: does the service reach the store?"
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check every step from this machine to the backends and the object store.

    One line each; what fails has an advice. No secret is shown. The exit code is 1 if anything failed.
    """
    from qiskit_direct_provider.doctor import culprit, examine

    findings = []
    for finding in examine(where.arguments, probe=probe):
        findings.append(finding)
        if not as_json:
            _show(finding)
    guilty = culprit(findings)
    if as_json:
        write_json({"ok": guilty is None, "culprit": guilty and guilty.check, "checks": _documents(findings)})
    elif guilty is None:
        typer.secho("everything works", bold=True)
    else:
        typer.secho(f"culprit: {guilty.check}: {guilty.text}", bold=True)
    raise typer.Exit(0 if guilty is None else 1)


def _show(finding: Finding) -> None:
    word = typer.style(f"{finding.state.value:<7}", fg=_COLOURS[finding.state.value])
    typer.echo(f"{word}  {finding.check}: {finding.text}{f' -> {finding.advice}' if finding.advice else ''}")


def _documents(findings: list[Finding]) -> list[dict[str, Any]]:
    return [
        {"check": each.check, "state": each.state.value, "text": each.text, "advice": each.advice}
        for each in findings
    ]
