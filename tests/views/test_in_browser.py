"""The views in a real headless Chromium: what can be seen, and what hovering shows."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser import CHROMIUM, Page, opened
from qiskit import QuantumCircuit, transpile

from qiskit_direct_provider.views.markup import page as whole_page

if TYPE_CHECKING:
    from qiskit_direct_provider import DirectBackend, DirectProvider

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("REQUIRE_CHROMIUM"), reason="there is no Chromium here"
)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with opened() as page:
        yield page


def test_the_map_of_a_device(page: Page, torino: DirectBackend, tmp_path: Path) -> None:
    """All qubits and couplings are drawn within the picture, and nothing is fetched from elsewhere."""
    file = tmp_path / "map.html"
    torino.map().save(file)
    page.open(file)
    assert page.value("document.querySelectorAll('svg circle').length") == 133
    assert page.value("document.querySelectorAll('svg line.coupling').length") == 150
    outside = """[...document.querySelectorAll('svg circle, svg .coupling, svg .legend')].filter(e => {
        const box = e.getBoundingClientRect(), all = document.querySelector('svg').getBoundingClientRect();
        return box.left < all.left || box.right > all.right || box.top < all.top || box.bottom > all.bottom
    }).length"""
    assert page.value(outside) == 0
    assert (
        page.value("new Set([...document.querySelectorAll('circle')].map(e => e.getAttribute('fill'))).size")
        > 20
    )
    assert [url for url in page.requests if not url.startswith("file:")] == []
    assert page.complaints == []
    page.screenshot(tmp_path / "map.png")
    assert (tmp_path / "map.png").stat().st_size > 20_000


def test_hovering_shows_the_numbers(page: Page, torino: DirectBackend, tmp_path: Path) -> None:
    file = tmp_path / "map.html"
    torino.map().save(file)
    page.open(file)
    assert page.shown(".tip text") == []
    assert "Hover over" in page.shown(".hint")[0]
    page.hover(".item:has(.number) circle")
    title, numbers = page.shown(".tip text")
    qubit = torino.target.qubit_properties[0]
    assert title == "qubit 0"
    assert f"T1 {qubit.t1 * 1e6:.3g} µs · T2 {qubit.t2 * 1e6:.3g} µs" in numbers
    assert f"readout error {torino.target['measure'][0,].error:.2e}" in numbers
    assert f"sx error {torino.target['sx'][0,].error:.2e}" in numbers
    assert "frequency" not in numbers, "the snapshot does not tell it"
    assert page.shown(".hint") == []
    page.hover(".item line.coupling")
    title, numbers = page.shown(".tip text")
    assert title == "coupling 0-1"
    gate = torino.target["cz"][0, 1]
    assert f"cz: error {gate.error:.2e}, {gate.duration * 1e9:.3g} ns" in numbers


def test_two_maps_on_one_page_do_not_meet(
    page: Page, torino: DirectBackend, nairobi: DirectBackend, tmp_path: Path
) -> None:
    """A style holds for a whole page: hovering in one map shows nothing in the other."""
    file = tmp_path / "two.html"
    file.write_text(whole_page("two", nairobi.map().html() + torino.map().html()))
    page.open(file)
    page.hover("svg circle")
    assert len(page.shown(".tip text")) == 2
    assert len(page.shown(".hint")) == 1


def test_the_views_of_a_notebook(
    page: Page, provider: DirectProvider, nairobi: DirectBackend, tmp_path: Path
) -> None:
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    job = nairobi.run(transpile(circuit, nairobi), shots=10, name="<script>alert(1)</script>")
    job.result(timeout=60)
    views = [provider, nairobi, nairobi.status(), job]
    file = tmp_path / "views.html"
    file.write_text(whole_page("views", "".join(view._repr_html_() for view in views)))
    page.open(file)
    texts = page.value("[...document.querySelectorAll('.qiskit-direct')].map(e => e.innerText)")
    assert len(texts) == 4
    assert "fake_torino" in texts[0]
    assert re.search(r"median T1\s+87.3 µs", texts[1])
    assert "online" in texts[2]
    assert job.job_id() in texts[3]
    assert "<script>alert(1)</script>" in texts[3]
    assert page.value("document.querySelectorAll('script').length") == 0
    page.screenshot(tmp_path / "views.png")
