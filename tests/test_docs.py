"""The documents as a whole: pages are in the site, links in them lead somewhere, names are in the reference.

``tox -e docs`` builds the site itself, with warnings as errors.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from api_snapshot import PACKAGE, public_objects

from qiskit_direct_provider.accounts.environment import ibm_fields, own_fields, resource_names
from qiskit_direct_provider.accounts.slurm import SlurmJob

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(page for page in DOCS.rglob("*.md") if "_build" not in page.parts)
FENCE = re.compile(r"^(`{3,})(.*?)^\1", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]+))?\)")


def anchors(page: Path) -> set[str]:
    """Anchors of the headings of a page."""
    text = FENCE.sub("", page.read_text())
    headings = re.findall(r"^#+ (.*)", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "SECURITY.md", *PAGES], ids=lambda page: page.name
)
def test_links_lead_somewhere(page: Path) -> None:
    for place, anchor in LINK.findall(FENCE.sub("", page.read_text())):
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), place
        if anchor:
            assert anchor in anchors(target), f"{place}#{anchor}"


def test_every_page_is_in_the_site() -> None:
    listed = re.findall(r"^(\w+/\w+|\w+)$", (DOCS / "index.md").read_text(), re.MULTILINE)
    pages = {str(page.relative_to(DOCS).with_suffix("")) for page in PAGES} - {"index"}
    assert set(listed) == pages
    assert len(listed) == len(pages)


def test_every_public_name_is_in_the_reference() -> None:
    page = (DOCS / "reference" / "api.md").read_text()
    described = set(re.findall(r"^\.\. auto\w+:: (?:[\w.]+\.)?(\w+)$", page, re.MULTILINE))
    assert described == {name for _, name, _ in public_objects()} - {"errors"}


class _Asked(dict[str, str]):
    """Variables, with a note of which ones were looked for."""

    def __init__(self, **given: str) -> None:
        super().__init__(given)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.names.add(str(name))
        return super().__contains__(name)


def test_every_variable_of_the_environment_is_in_the_reference() -> None:
    """Those of this package, of IBM's client and of Slurm, and no others of this package's."""
    asked = _Asked(SLURM_JOB_ID="1", QISKIT_IBM_TOKEN="a")
    own_fields(asked)
    ibm_fields(asked)
    resource_names(asked)
    SlurmJob.of(asked)
    files = [file.read_text() for file in (ROOT / PACKAGE).rglob("*.py")]
    literal = {name for text in files for name in re.findall(r'"(QISKIT_(?:DIRECT|IBM)_[A-Z_]*[A-Z])"', text)}
    page = set(re.findall(r"`([A-Z][A-Z_0-9]+)`", (DOCS / "reference" / "environment.md").read_text()))
    assert asked.names | literal <= page
    assert {name for name in page if name.startswith("QISKIT_")} <= asked.names | literal
