"""The structure of the code: no long file, no cycle of imports, and a page on it that tells the truth."""

from __future__ import annotations

import graphlib
import re
from pathlib import Path

import grimp
from layers import PACKAGE, PICTURE, drawn, layers

ROOT = Path(__file__).parents[1]
FOLDERS = (PACKAGE, "tests", "benchmarks", "docs", "release")
LONGEST = 400
PAGE = (ROOT / "docs" / "explanation" / "architecture.md").read_text()
_, LISTING, _, CHAIN, _ = re.split(r"^```\n", PAGE, maxsplit=4, flags=re.MULTILINE)


def files() -> list[Path]:
    return [file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]


def test_no_file_is_too_long() -> None:
    lines = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files()}
    assert {name: number for name, number in lines.items() if number > LONGEST} == {}


def test_exceptions_to_the_rules_have_a_reason() -> None:
    """Among them functions of more than six parameters, which ruff counts."""
    bare = re.compile(r"# (?:noqa)(?!: [A-Z]+\d+(, [A-Z]+\d+)* - \S)")
    found = {str(file): bare.findall(file.read_text()) for file in files()}
    assert {name for name, exceptions in found.items() if exceptions} == set()


def test_no_imports_in_a_cycle() -> None:
    """Neither when modules are loaded nor later, types left out."""
    graph = grimp.build_graph(PACKAGE, exclude_type_checking_imports=True, cache_dir=None)
    graphlib.TopologicalSorter(
        {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    ).prepare()


def entries() -> dict[str, str]:
    """What the page's listing says of each module or package at the top."""
    found = re.findall(r"^  (\S+)( .*\n(?: {4,}.*\n)*)", LISTING, re.MULTILINE)
    return dict(found)


def units() -> set[str]:
    """Modules and packages at the top, as the listing writes them."""
    modules = {file.name for file in (ROOT / PACKAGE).glob("*.py")}
    return modules | {f"{file.parent.name}/" for file in (ROOT / PACKAGE).glob("*/__init__.py")}


def test_the_listing_names_all_that_there_is_and_nothing_else() -> None:
    named = set(entries())
    for head, text in entries().items():
        files_named = set(re.findall(r"[\w*]+\.py", text))
        if head.endswith("/"):
            unknown = {name for name in files_named if not list((ROOT / PACKAGE / head).glob(name))}
            assert unknown - units() == set(), head
            named |= unknown
        else:
            named |= files_named
    assert named == units()


def test_the_layers_on_the_page_are_those_that_are_checked() -> None:
    assert "".join(" | ".join(layer) + "\n" for layer in layers()) == CHAIN


def test_the_picture_shows_the_imports_in_the_code() -> None:
    """Draw it anew with ``python tests/support/layers.py``."""
    assert PICTURE.read_text() == drawn()
