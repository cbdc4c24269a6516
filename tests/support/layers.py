"""The layers of the package as a picture, drawn from ``pyproject.toml`` and the imports in the code.

``python tests/support/layers.py`` draws ``docs/explanation/layers.svg`` anew.
"""

from __future__ import annotations

import re
from pathlib import Path

import grimp

__all__ = ["PACKAGE", "PICTURE", "drawn", "imports_of_units", "layers"]

ROOT = Path(__file__).parents[2]
PACKAGE = "qiskit_direct_provider"
PICTURE = ROOT / "docs" / "explanation" / "layers.svg"
LEFT, CELL = 130, 15


def layers() -> list[list[str]]:
    """Units of the package, a list for each layer, the highest first."""
    text = (ROOT / "pyproject.toml").read_text()
    found = re.search(r'^type = "layers"\nlayers = \[\n(.*?)^\]', text, re.DOTALL | re.MULTILINE)
    assert found is not None
    lines = re.findall(r'"([^"]+)"', found[1])
    return [[name.strip().removeprefix(f"{PACKAGE}.") for name in line.split("|")] for line in lines]


def imports_of_units() -> dict[str, set[str]]:
    """What each module or package at the top imports of the others, types left out."""
    graph = grimp.build_graph(PACKAGE, exclude_type_checking_imports=True, cache_dir=None)
    units: dict[str, set[str]] = {name.split(".")[1]: set() for name in graph.modules if "." in name}
    for name in graph.modules - {PACKAGE}:
        unit = name.split(".")[1]
        imported = graph.find_modules_directly_imported_by(name) - {PACKAGE}
        units[unit] |= {each.split(".")[1] for each in imported} - {unit}
    return units


def drawn() -> str:
    """The picture as SVG: a line for each unit, a column for each unit, a dot for each import."""
    imports = imports_of_units()
    bands = _with_service(layers(), imports)
    order = [unit for band in bands for unit in band]
    size = CELL * len(order)
    side = LEFT + size + CELL
    frame = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}"'
    parts = [
        f'{frame} font-family="monospace" font-size="11">',
        f'<rect width="{side}" height="{side}" fill="#ffffff"/>',
    ]
    parts += [_band(order.index(band[0]), len(band), size) for band in bands[::2]]
    for number, unit in enumerate(order):
        parts.append(_names(unit, number))
        parts += [_dot(number, order.index(each), unit, each) for each in sorted(imports[unit])]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _with_service(bands: list[list[str]], imports: dict[str, set[str]]) -> list[list[str]]:
    """The layers, and in the one above all that it imports each unit that is in none."""
    levels = {name: number for number, band in enumerate(bands) for name in band}
    for unit in sorted(imports.keys() - levels.keys()):
        highest = min(levels[each] for each in imports[unit])
        bands[highest - 1].append(unit)
    return bands


def _band(first: int, number: int, size: int) -> str:
    top = LEFT + CELL * first
    return f'<rect y="{top}" width="{LEFT + size}" height="{CELL * number}" fill="#eef3f8"/>'


def _names(unit: str, number: int) -> str:
    middle = LEFT + CELL * number + CELL / 2 + 4
    return (
        f'<text x="{LEFT - 6}" y="{middle:g}" text-anchor="end">{unit}</text>'
        f'<text transform="translate({middle:g} {LEFT - 6}) rotate(-90)">{unit}</text>'
    )


def _dot(line: int, column: int, unit: str, imported: str) -> str:
    x, y = (LEFT + CELL * number + CELL / 2 for number in (column, line))
    told = f"<title>{unit} imports {imported}</title>"
    return f'<circle cx="{x:g}" cy="{y:g}" r="4" fill="#33658a">{told}</circle>'


if __name__ == "__main__":
    PICTURE.write_text(drawn())
