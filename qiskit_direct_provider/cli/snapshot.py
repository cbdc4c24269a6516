"""``qiskit-direct snapshot``: keep the documents of a backend, for the local service to play back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["snapshot"]


def snapshot(
    name: Annotated[str, typer.Argument(help="Name of the backend.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; default NAME.json.")
    ] = None,
    account: Annotated[
        str | None, typer.Option("--account", "-a", help="A saved account; default: as in Python.")
    ] = None,
    *,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
) -> None:
    """Save the configuration and the calibration of a backend to a file."""
    from qiskit_direct_provider.provider import DirectProvider

    with DirectProvider(name=account) as provider:
        written = provider.get_backend(name).save_snapshot(output or f"{name}.json", overwrite=overwrite)
    typer.echo(f"{written}\nplay it back with: qiskit-direct serve --device {written}")
