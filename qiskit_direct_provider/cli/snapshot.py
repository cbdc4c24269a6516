"""``qiskit-direct snapshot``: keep the documents of a backend, for the local service to play back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qiskit_direct_provider.cli.options import Where, with_account

__all__ = ["snapshot"]


@with_account
def snapshot(
    where: Where,
    name: Annotated[str, typer.Argument(help="Name of the backend.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; default NAME.json.")
    ] = None,
    *,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> None:
    """Save the configuration and the calibration of a backend to a file."""
    with where.provider() as provider:
        written = provider.get_backend(name).save_snapshot(output or f"{name}.json", overwrite=overwrite)
    typer.echo(f"{written}\nplay it back with: qiskit-direct serve --device {written}")
