"""The command ``qiskit-direct``."""

from __future__ import annotations

import sys

import typer

from qiskit_direct_provider.cli.demo import demo
from qiskit_direct_provider.cli.serve import serve
from qiskit_direct_provider.errors import DirectError

__all__ = ["app", "main"]

app = typer.Typer(
    name="qiskit-direct",
    help="Run Qiskit circuits on an IBM Quantum system of your own.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command()(serve)

_debug = False


@app.callback()
def options(
    *,
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),  # noqa: FBT003
    version: bool = typer.Option(False, "--version", help="Show the version and exit."),  # noqa: FBT003
) -> None:
    """Options that come before the command."""
    global _debug  # noqa: PLW0603 - read by main() once the command has failed
    _debug = debug
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"qiskit-direct-provider {installed('qiskit-direct-provider')}")
        raise typer.Exit


def main() -> None:
    """Run the command line; an error is one sentence and an exit code: 1 failed, 2 wrong use."""
    try:
        app()
    except DirectError as error:
        if _debug:
            raise
        typer.secho(f"error: {error}", fg="red", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.secho("interrupted", err=True)
        sys.exit(130)
