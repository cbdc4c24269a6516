"""A notebook that is executed as it is, and what its cells show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

__all__ = ["Shown", "execute"]


class Shown:
    """What the cells of an executed notebook show, by the cells' ids."""

    def __init__(self, notebook: Any) -> None:
        self._cells = {cell["id"]: cell for cell in notebook.cells if cell.cell_type == "code"}

    def value(self, cell: str) -> str:
        """The value of the last line, as text."""
        (found,) = [each for each in self._cells[cell].outputs if each.output_type == "execute_result"]
        return str(found.data["text/plain"])

    def types(self, cell: str) -> set[str]:
        """The types in which the cell shows its value or what it draws."""
        return {name for each in self._cells[cell].outputs for name in each.get("data", {})}

    def printed(self, cell: str) -> str:
        return "".join(each.text for each in self._cells[cell].outputs if each.output_type == "stream")

    def displayed(self, cell: str) -> dict[str, str]:
        """What the cell displays, by type, as it was updated last."""
        (found,) = [each for each in self._cells[cell].outputs if each.output_type == "display_data"]
        return dict(found.data)

    def warned(self) -> list[str]:
        return [
            each.text
            for cell in self._cells.values()
            for each in cell.outputs
            if each.output_type == "stream" and each.name == "stderr"
        ]


def execute(path: Path, home: Path) -> Shown:
    """Run all cells, in a process whose jobs and settings are in ``home``.

    Raises:
        CellExecutionError: A cell raised.
    """
    notebook = nbformat.read(path, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QISKIT_DIRECT_DATA", str(home / "data"))
        patch.setenv("IPYTHONDIR", str(home / "ipython"))
        client = NotebookClient(
            notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": path.parent}}
        )
        client.execute()
    return Shown(notebook)
