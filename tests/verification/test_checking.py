"""Verdicts where the twin's answer is no whole distribution: bit by bit, by shots, from circuits alike."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from offline import documents_of, offline_backend
from qiskit import QuantumCircuit
from wide import wide

from qiskit_direct_provider import errors
from qiskit_direct_provider.verification.checking import check
from qiskit_direct_provider.verification.clifford import cliffordised
from qiskit_direct_provider.verification.companions import mirrored
from qiskit_direct_provider.verification.distribution import Exact, measured_qubits, sampled
from qiskit_direct_provider.verification.expected import Expected, expect
from qiskit_direct_provider.verification.lightcone import marginals
from qiskit_direct_provider.verification.likeness import Likeness, of_counts
from qiskit_direct_provider.verification.methods import costs
from qiskit_direct_provider.verification.outcome import Check, Question
from qiskit_direct_provider.verification.reduction import on_few_qubits
from qiskit_direct_provider.verification.verification import Verification

if TYPE_CHECKING:
    from pathlib import Path

    from qiskit.transpiler import Target

WIDTH = 20


@pytest.fixture(scope="module")
def target() -> Target:
    return offline_backend(documents_of("torino"), "fake_torino").target


def asked(width: int) -> Question:
    """Of bit k, which qubit k + 100 is measured into."""
    return Question("circuit 0 ('c')", {bit: bit + 100 for bit in range(width)}, frozenset(), 0.01)


def checked(counts: dict[str, int], expected: Expected, question: Question | None = None) -> Check:
    width = len(next(iter(counts)))
    return check(question or asked(width), counts, expected, np.random.default_rng(1))


def by_stabilizers(circuit: QuantumCircuit, target: Target, shots: int) -> dict[str, int]:
    reduced = on_few_qubits(circuit)
    (way,) = [each for each in costs(reduced, shots) if each.method == "stabilizer"]
    return sampled(reduced, target, way, shots, seed=9)


def flipped(flips: float, *, dead: int | None = None, shots: int = 2000) -> dict[str, int]:
    """Words that should be 0101..., each bit flipped now and then; a dead one is always 0."""
    rng = np.random.default_rng(3)
    bits = (np.arange(WIDTH) % 2) ^ (rng.random((shots, WIDTH)) < flips)
    if dead is not None:
        bits[:, dead] = 0
    words = ["".join(map(str, row[::-1])) for row in bits.astype(int)]
    return dict(Counter(words))


# -- bit by bit ----------------------------------------------------------------------------------------


def test_bit_by_bit_a_dead_qubit_is_noticed(target: Target) -> None:
    circuit = cliffordised(wide(target, 6, 1))
    known = marginals(circuit, target)
    question = Question("c", measured_qubits(circuit), frozenset(), 0.001)
    victim = max(known, key=lambda bit: known[bit])
    dead = circuit.copy_empty_like()
    for each in circuit.data:
        if each.name == "measure" and circuit.find_bit(each.qubits[0]).index == victim:
            dead.reset(victim)
        dead.append(each)
    expected = Expected("bit by bit", marginals=known)
    found = [by_stabilizers(each, target, 500) for each in (circuit, dead)]
    healthy, sick = (checked(each, expected, question) for each in found)
    assert healthy.verdict == "consistent"
    assert healthy.likeness.angle > 0.99
    assert healthy.likeness.strength == pytest.approx(1, abs=0.1)
    assert (healthy.total_variation, healthy.hellinger, healthy.from_ideal) == (None, None, None)
    assert any("correlations are not checked" in note for note in healthy.notes)
    assert sick.verdict != "consistent"
    assert [each.qubit for each in sick.outliers] == [victim]


@pytest.mark.parametrize(
    ("device", "verdict"),
    [([0.9, 0.2, 0.5], "consistent"), ([0.7, 0.35, 0.5], "degraded"), ([0.1, 0.8, 0.5], "wrong")],
)
def test_bit_by_bit_less_is_told_from_other(device: list[float], verdict: str) -> None:
    bits = np.random.default_rng(2).random((4000, 3)) < device
    words = ["".join("01"[int(bit)] for bit in row[::-1]) for row in bits]
    assert checked(Counter(words), Expected("", marginals={0: 0.9, 1: 0.2, 2: 0.5})).verdict == verdict


# -- circuits that are only alike ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flips", "dead", "verdict"),
    [(0.05, None, "consistent"), (0.065, None, "consistent"), (0.2, None, "degraded"), (0.05, 7, "degraded")],
)
def test_flips_are_foreseen_within_a_tolerance(flips: float, dead: int | None, verdict: str) -> None:
    """Of a share of 5 % that is foreseen, 0.02 + 30 % of it more is nothing."""
    expected = Expected("of a circuit alike", counts=flipped(0.05), approximate=True)
    found = checked(flipped(flips, dead=dead), expected)
    assert found.verdict == verdict
    assert found.total_variation is None
    assert found.notes[0].startswith("flips were foreseen by a Clifford circuit, within 0.02 + 30%")
    odd = [each.qubit for each in found.outliers]
    if dead is not None:
        assert odd == [100 + dead]
    else:
        assert odd == ([] if verdict == "consistent" else list(range(100, 100 + WIDTH)))


def test_a_mirror_that_is_too_large_is_judged_by_its_clifford_circuit(target: Target) -> None:
    mirror, _ = mirrored(wide(target, 22, 3), seed=3)
    (way,) = [each for each in costs(on_few_qubits(cliffordised(mirror)), 50) if each.method == "stabilizer"]
    seconds = 1.01 * way.seconds
    with pytest.raises(errors.UnsupportedError, match="decide about bit"):
        expect(mirror, target, shots=50, seconds=seconds, seed=1)
    found = expect(mirror, target, shots=50, seconds=seconds, seed=1, stand_in=True)
    assert found.way == "50 shots by stabilizers, of the Cliffordised circuit"
    assert found.approximate
    assert found.counts is not None
    assert sum(found.counts.values()) == 50


# -- by shots ------------------------------------------------------------------------------------------


def test_shots_are_compared_with_the_ideal_as_well(target: Target) -> None:
    """Twelve qubits that are flipped: too many for a density matrix."""
    circuit = QuantumCircuit(target.num_qubits, 12)
    circuit.x(range(12))
    circuit.measure(range(12), range(12))
    expected = expect(circuit, target, shots=400, seconds=60, seed=1)
    assert "400 shots by" in expected.way
    for wrong in (0, 120):
        counts = {"1" * 12: 400 - wrong, **({"1" * 11 + "0": wrong} if wrong else {})}
        found = checked(counts, expected)
        assert found.from_ideal is not None
        assert found.from_ideal.value == pytest.approx(wrong / 400, abs=0.05)
        assert found.twin == {word: number / 400 for word, number in expected.counts.items()}


def test_a_one_where_nothing_is_measured_into_is_wrong() -> None:
    expected = Expected("exact", exact=Exact((0,), np.array([0.5, 0.5])))
    assert checked({"00": 500, "01": 500}, expected).verdict == "consistent"
    found = checked({"00": 250, "01": 250, "10": 500}, expected)
    assert found.verdict == "wrong"
    assert found.total_variation is not None
    assert found.total_variation.value == pytest.approx(0.5, abs=0.05)


def test_noise_alone_has_no_signal() -> None:
    even, steep = np.full(8, 125), np.array([0.65, *[0.05] * 7])
    assert of_counts(even, steep) == Likeness(0.0, 0.0)
    assert of_counts((1000 * steep).astype(np.int64), even / 1000) == Likeness(0.0, 0.0)
    counts = {f"{word:03b}": 125 for word in range(8)}
    assert checked(counts, Expected("exact", exact=Exact((0, 1, 2), steep))).verdict == "wrong"


# -- pictures ------------------------------------------------------------------------------------------


def reported(check: Check) -> Verification:
    return Verification("device", None, (check,))


def test_words_that_never_repeat_are_drawn_by_bit() -> None:
    """The odd bits are named; the twin has shares of ones only where it has shots."""
    alike = Expected("of a circuit alike", counts=flipped(0.05), approximate=True)
    (axes,) = reported(checked(flipped(0.05, dead=7), alike)).plot().axes
    device, twin = (line.get_ydata() for line in axes.lines)
    assert [line.get_label() for line in axes.lines] == ["device", "twin"]
    assert device[7] == 0
    assert twin[7] == pytest.approx(0.95, abs=0.02)
    assert [text.get_text() for text in axes.texts] == ["qubit 107"]
    single = checked({"01": 90, "00": 10}, Expected("", marginals={0: 0.9, 1: 0.0}))
    (axes,) = reported(single).plot().axes
    assert [list(line.get_ydata()) for line in axes.lines] == [[0.9, 0.0]]
    assert not axes.texts


def test_without_matplotlib_there_are_no_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = reported(checked({"0": 100}, Expected("", marginals={0: 0.0})))
    found.save(tmp_path / "with.html")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(errors.UnsupportedError, match="pip install matplotlib"):
        found.plot()
    found.save(tmp_path / "without.html")
    pages = [(tmp_path / name).read_text(encoding="utf-8") for name in ("with.html", "without.html")]
    assert ["<svg" in page for page in pages] == [True, False]
    assert all("device: consistent" in page for page in pages)
