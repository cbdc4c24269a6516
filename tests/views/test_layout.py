"""Where qubits are drawn: lattices as lattices, everything else without qubits on top of each other."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from qiskit_direct_provider.views.layout import positions

SNAPSHOTS = Path(find_spec("qiskit_ibm_runtime").submodule_search_locations[0], "fake_provider", "backends")


def couplings(name: str) -> tuple[int, list[tuple[int, int]]]:
    document = json.loads((SNAPSHOTS / name / f"conf_{name}.json").read_text())
    return document["n_qubits"], [(low, high) for low, high in document["coupling_map"]]


@pytest.mark.parametrize(
    "name", ["torino", "brisbane", "fez", "nighthawk", "brooklyn", "nairobi", "rochester"]
)
def test_a_lattice_is_drawn_as_one(name: str) -> None:
    """Whole numbers, and every coupling is one step across or down."""
    number, edges = couplings(name)
    places = positions(number, edges)
    assert (places == places.round()).all()
    assert len({tuple(place) for place in places}) == number
    for low, high in edges:
        assert np.abs(places[low] - places[high]).sum() == 1


@pytest.mark.parametrize("name", ["montreal", "guadalupe", "almaden", "manila", "yorktown"])
def test_other_devices_are_spread_evenly(name: str) -> None:
    number, edges = couplings(name)
    places = positions(number, edges)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) + 9 * np.eye(number)
    assert apart.min() > 0.55
    lengths = [apart[low, high] for low, high in edges]
    assert max(lengths) < 2.2 * min(lengths)


@pytest.mark.parametrize(
    ("number", "edges"),
    [
        (0, []),
        (1, []),
        (2, [(0, 1)]),
        (7, []),
        (4, [(0, 1), (2, 3)]),
        (3, [(0, 0), (0, 2)]),
        (4, [(0, 1), (0, 2), (0, 3)]),
    ],
)
def test_small_and_odd_devices(number: int, edges: list[tuple[int, int]]) -> None:
    places = positions(number, edges)
    assert places.shape == (number, 2)
    assert np.isfinite(places).all()
    assert len({tuple(place.round(3)) for place in places}) == number


def test_the_same_device_is_always_drawn_the_same() -> None:
    number, edges = couplings("montreal")
    assert (positions(number, edges) == positions(number, edges)).all()
