"""Counts and memory written out in one pass, beside what Qiskit's own class makes of the same data."""

from __future__ import annotations

import copy
import itertools
import pickle
import random
from typing import Any

import numpy as np
import pytest
from qiskit.result import Counts, Result

from qiskit_direct_provider.results.formatted import DirectResult


def result(*data: dict[str, Any], sizes: list[int], slots: int | None = None, level: int = 2) -> DirectResult:
    header = {
        "memory_slots": sum(sizes) if slots is None else slots,
        "creg_sizes": [[f"c{number}", size] for number, size in enumerate(sizes)],
    }
    experiments = [
        {
            "shots": 1,
            "success": True,
            "meas_level": level,
            "header": {"name": f"e{at}", **header},
            "data": each,
        }
        for at, each in enumerate(data)
    ]
    found = DirectResult.from_dict({"results": experiments, "success": True})
    assert type(found) is DirectResult
    return found


def own(found: DirectResult) -> Result:
    """The same data in Qiskit's class."""
    return Result.from_dict(found.to_dict())


@pytest.fixture
def qiskit_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes long is left out wherever the registers fill all classical bits."""

    def refuse(*_: object) -> None:
        raise AssertionError("Qiskit formats each word on its own")

    monkeypatch.setattr(Result, "get_counts", refuse)
    monkeypatch.setattr(Result, "get_memory", refuse)


def words_of(slots: int, count: int) -> list[str]:
    chance = random.Random(slots)  # noqa: S311 - not a secret
    return ["0x0", hex(2**slots - 1), hex(1), *(hex(chance.getrandbits(slots)) for _ in range(count))]


def expected(word: str, sizes: list[int]) -> str:
    text = f"{int(word, 16):0{sum(sizes)}b}"
    cuts = np.cumsum([0, *sizes[::-1]])
    return " ".join(text[start:end] for start, end in itertools.pairwise(cuts))


@pytest.mark.usefixtures("qiskit_is_not_asked")
@pytest.mark.parametrize(
    "sizes", [[1], [3], [2, 1], [8], [63], [64], [60, 4], [65], [60, 5], [66], [67], [68], [100, 1, 27]]
)
def test_words_become_bits_of_registers(sizes: list[int]) -> None:
    """The last register first; as Qiskit says it, up to 64 bits and beyond."""
    words = words_of(sum(sizes), 20)
    counts = {word: number for number, word in enumerate(dict.fromkeys(words), 1)}
    found = result({"counts": counts, "memory": words}, sizes=sizes)
    assert found.get_memory() == [expected(word, sizes) for word in words]
    assert found.get_counts() == {expected(word, sizes): number for word, number in counts.items()}
    assert found.get_counts().int_raw == {int(word, 16): number for word, number in counts.items()}
    assert found.get_counts().hex_raw == counts


@pytest.mark.usefixtures("qiskit_is_not_asked")
@pytest.mark.parametrize("digits", ["0123456789abcdef", "0123456789ABCDEF"])
def test_every_hexadecimal_digit(digits: str) -> None:
    for words in ([f"0x{digit}" for digit in digits], [f"0x1{digit}{'0' * 20}" for digit in digits]):
        for sizes in ([4 * len(words[0])], [70, 20]):
            found = result({"memory": words}, sizes=sizes)
            assert found.get_memory() == [expected(word, sizes) for word in words]


@pytest.mark.usefixtures("qiskit_is_not_asked")
@pytest.mark.parametrize("count", [4095, 4096, 4097, 9000])
def test_many_long_words(count: int) -> None:
    sizes = [50, 20]
    words = words_of(70, count - 3)
    assert result({"memory": words}, sizes=sizes).get_memory() == [expected(word, sizes) for word in words]


@pytest.mark.parametrize(
    ("words", "sizes", "slots"),
    [
        (["0x1", "0x2"], [], 2),
        (["0x1", "0x2"], [2, 0], None),
        (["0x1", "0x2"], [0, 2], None),
        (["0x1", "0x2"], [1], 2),
        (["0x1", "0x2"], [3], 2),
        (["0x1", "0x4"], [2], None),
        (["0x1", "0x" + "f" * 17], [2], None),
        (["0x1", "0x" + "f" * 17], [64], None),
        (["0x1", "0x" + "f" * 20], [70], None),
        (["0x1", "0x" + "f" * 9], [35, 1, 28], None),
    ],
)
def test_where_qiskit_has_to_decide(words: list[str], sizes: list[int], slots: int | None) -> None:
    """Registers that do not fill the classical bits, and words that have more."""
    found = result({"counts": dict.fromkeys(words, 2), "memory": words}, sizes=sizes, slots=slots)
    assert found.get_memory() == own(found).get_memory()
    counts, usual = found.get_counts(), own(found).get_counts()
    assert counts == usual
    assert {name: getattr(counts, name) for name in vars(usual)} == vars(usual)


@pytest.mark.parametrize("asked_before", [False, True])
def test_counts_are_copied_whole(asked_before: bool) -> None:
    """By pickle and by copy, whether their numbers were asked for or not; no reader needs this package."""
    counts = result({"counts": {"0x3": 1, "0x0": 2}}, sizes=[1, 1]).get_counts()
    if asked_before:
        assert counts.int_outcomes() == {3: 1, 0: 2}
    for copied in (copy.copy(counts), copy.deepcopy(counts), pickle.loads(pickle.dumps(counts))):
        assert type(copied) is Counts
        assert copied == counts == {"1 1": 1, "0 0": 2}
        assert copied.int_outcomes() == {3: 1, 0: 2}
        assert copied.hex_outcomes() == {"0x3": 1, "0x0": 2}
        assert (copied.creg_sizes, copied.memory_slots, copied.shots()) == ([["c0", 1], ["c1", 1]], 2, 3)


def test_experiments_by_number_and_name() -> None:
    one, two = {"counts": {"0x1": 3}, "memory": ["0x1"]}, {"counts": {"0x0": 4}, "memory": ["0x0"]}
    found = result(one, two, sizes=[2])
    assert found.get_counts() == own(found).get_counts() == [{"01": 3}, {"00": 4}]
    assert found.get_counts(1) == found.get_counts("e1") == {"00": 4}
    assert found.get_memory(0) == found.get_memory("e0") == ["01"]
    assert result(one, sizes=[2]).get_counts() == {"01": 3}


def test_experiments_without_counts_or_memory() -> None:
    found = result({"counts": {}}, {"memory": []}, sizes=[2])
    assert found.get_counts(0) == own(found).get_counts(0)
    assert found.get_memory(1) == own(found).get_memory(1)
    for asked in (lambda each: each.get_memory(0), lambda each: each.get_counts(1)):
        messages = []
        for each in (found, own(found)):
            with pytest.raises(Exception) as caught:  # noqa: PT011 - whichever Qiskit raises
                asked(each)
            messages.append(str(caught.value))
        assert messages[0] == messages[1]


@pytest.mark.parametrize("level", [0, 1])
def test_values_of_other_levels_stay_values(level: int) -> None:
    shape = [[[0.5, 1.0]]] if level else [[[[0.5, 1.0]]]]
    found = result({"memory": shape}, sizes=[1], level=level)
    np.testing.assert_array_equal(found.get_memory(), own(found).get_memory())
