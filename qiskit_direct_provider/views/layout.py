"""Where the qubits of a device are drawn (pure)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["positions"]

Points = npt.NDArray[np.float64]

_STEPS = 300
_NEAREST = 0.6
_LONGEST = 1.5


def positions(num_qubits: int, couplings: Iterable[tuple[int, int]]) -> Points:
    """A place for each qubit, shape ``(num_qubits, 2)``, y downwards; neighbours are about 1 apart.

    Lattices that are numbered row by row, as those of IBM's larger devices, are drawn in their rows. In all
    other graphs, distances follow the number of couplings in between (stress majorization, Gansner, Koren and
    North 2004).
    """
    edges = sorted({(min(pair), max(pair)) for pair in couplings if pair[0] != pair[1]})
    if not edges:
        return _in_a_square(num_qubits)
    found = _in_rows(num_qubits, edges)
    if found is None:
        found = _by_distance(num_qubits, edges)
    return np.asarray(found - found.min(axis=0), dtype=float)


def _in_a_square(num_qubits: int) -> Points:
    """Places side by side, where no coupling says more."""
    side = max(1, math.isqrt(max(num_qubits - 1, 0)) + 1)
    return np.array([divmod(qubit, side)[::-1] for qubit in range(num_qubits)], dtype=float).reshape(-1, 2)


def _in_rows(num_qubits: int, edges: Sequence[tuple[int, int]]) -> Points | None:
    """Places in a lattice that is numbered row by row; None when this is not one.

    Neighbours along a row have successive numbers. A row begins where one above it says: below a
    qubit that its own is coupled to. Qubits that are alone between two rows link them.
    """
    above: dict[int, list[int]] = {}
    for low, high in edges:
        above.setdefault(high, []).append(low)
    rows = _runs(num_qubits, set(edges))
    places: dict[int, tuple[int, int]] = {}
    line = -1
    for number, row in enumerate(rows):
        alone_like_the_last = number > 0 and len(row) == len(rows[number - 1]) == 1
        line += not alone_like_the_last
        wanted = {
            places[upper][0] - step
            for step, qubit in enumerate(row)
            for upper in above.get(qubit, ())
            if upper < row[0]
        }
        if len(wanted) > 1 or (not wanted and places):
            return None
        start = wanted.pop() if wanted else 0
        places.update({qubit: (start + step, line) for step, qubit in enumerate(row)})
    if len(set(places.values())) < num_qubits:
        return None
    found = np.array([places[qubit] for qubit in range(num_qubits)], dtype=float)
    lengths = [np.linalg.norm(found[low] - found[high]) for low, high in edges]
    return found if max(lengths) <= _LONGEST else None


def _runs(num_qubits: int, edges: set[tuple[int, int]]) -> list[list[int]]:
    """Qubits in successive numbers, parted where two of them are not coupled."""
    runs: list[list[int]] = []
    for qubit in range(num_qubits):
        if (qubit - 1, qubit) in edges:
            runs[-1].append(qubit)
        else:
            runs.append([qubit])
    return runs


def _by_distance(num_qubits: int, edges: Sequence[tuple[int, int]]) -> Points:
    """Places whose distances are, as far as possible, the numbers of couplings between the qubits."""
    import rustworkx

    graph = rustworkx.PyGraph()
    graph.add_nodes_from(range(num_qubits))
    graph.add_edges_from_no_data(list(edges))
    apart = np.asarray(rustworkx.distance_matrix(graph, null_value=np.inf), dtype=float)
    beyond = np.where(np.isfinite(apart), apart, 0).max(initial=1.0) + 1.0
    apart[np.isinf(apart)] = beyond
    np.fill_diagonal(apart, 0.0)
    return _level(_stress_minimum(_classical_scaling(apart), apart))


def _classical_scaling(apart: Points) -> Points:
    """The plane in which squared distances are kept best: where the search begins."""
    size = len(apart)
    centred = np.eye(size) - 1.0 / size
    values, vectors = np.linalg.eigh(-0.5 * centred @ apart**2 @ centred)
    found = vectors[:, -2:] * np.sqrt(np.maximum(values[-2:], 1e-3))
    # Two qubits in one place would stay together.
    spread = np.random.default_rng(0).normal(scale=0.05, size=found.shape)
    return np.asarray(found + spread, dtype=float)


def _stress_minimum(places: Points, apart: Points) -> Points:
    """Places after a fixed number of majorization steps, near qubits weighing most."""
    weights = np.zeros_like(apart)
    np.divide(1.0, apart**2, out=weights, where=apart > 0)
    laplacian = np.diag(weights.sum(axis=1)) - weights
    inverse = np.linalg.pinv(laplacian)
    for _ in range(_STEPS):
        actual = np.linalg.norm(places[:, None] - places[None], axis=2)
        ratio = np.zeros_like(apart)
        np.divide(weights * apart, actual, out=ratio, where=actual > 0)
        places = inverse @ ((np.diag(ratio.sum(axis=1)) - ratio) @ places)
    return places


def _level(places: Points) -> Points:
    """The same, wider than high, and qubit 0 towards the upper left."""
    centred = places - places.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    turned = centred @ axes.T
    signs = np.where(turned[0] > 0, -1.0, 1.0)
    found = turned * signs
    nearest = np.min(np.linalg.norm(found[:, None] - found[None], axis=2) + 1e9 * np.eye(len(found)))
    return np.asarray(found * max(1.0, _NEAREST / max(nearest, 1e-3)), dtype=float)
