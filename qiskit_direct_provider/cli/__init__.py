"""The command ``qiskit-direct``."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from qiskit_direct_provider.cli import (
    accounts,
    backends,
    cancelling,
    diagnosis,
    jobs,
    results,
    running,
    verifying,
)
from qiskit_direct_provider.cli.demo import demo
from qiskit_direct_provider.cli.options import behaviour
from qiskit_direct_provider.cli.serve import serve
from qiskit_direct_provider.cli.snapshot import snapshot

__all__ = ["app", "main"]

FAILED = 1
INTERRUPTED = 130  # as shells have it for SIGINT

app = typer.Typer(
    name="qiskit-direct",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 failed, 2 wrong use.",
)
app.command()(demo)
app.command()(serve)
app.add_typer(accounts.app)
app.command()(backends.backends)
app.command()(backends.backend)
app.command()(running.run)
app.command()(jobs.jobs)
app.command()(jobs.job)
app.command()(results.result)
app.command()(cancelling.cancel)
app.command()(verifying.verify)
app.command("doctor")(diagnosis.doctor)
app.command()(snapshot)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer's calling convention
    if wanted:
        from importlib.metadata import version

        typer.echo(f"qiskit-direct-provider {version('qiskit-direct-provider')}")
        raise typer.Exit


@app.callback()
def options(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Run Qiskit circuits on an IBM Quantum system of your own."""
    behaviour.debug = debug


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """A warning as one line, without its place in the code."""
    typer.echo(f"warning: {message}", err=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; an error is one sentence and an advice. Ends with the exit code.

    Args:
        arguments: What follows the command's name; by default, that of this process.
    """
    behaviour.debug = False
    warnings.showwarning = _show_warning
    try:
        app(None if arguments is None else list(arguments), prog_name="qiskit-direct")
    except KeyboardInterrupt:
        typer.secho("interrupted", err=True)
        sys.exit(INTERRUPTED)
    except Exception as error:
        if behaviour.debug:
            raise
        from qiskit_direct_provider.cli.failures import Failure

        failure = Failure.of(error)
        typer.secho(f"error: {failure.sentence}", fg="red", err=True)
        typer.echo(f"advice: {failure.advice}", err=True)
        sys.exit(FAILED)
