"""The command ``qiskit-direct``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from qiskit_direct_provider.cli.demo import demo
from qiskit_direct_provider.cli.serve import serve
from qiskit_direct_provider.cli.snapshot import snapshot
from qiskit_direct_provider.errors import DirectError

__all__ = ["app", "main"]

app = typer.Typer(
    name="qiskit-direct",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command()(serve)
app.command()(snapshot)

_debug = False


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
    global _debug  # noqa: PLW0603 - read by main() once the command has failed
    _debug = debug


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
