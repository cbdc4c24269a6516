"""Which request gets which fault."""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from qiskit_direct_provider.errors import InvalidInputError
from qiskit_direct_provider.testing.faults import ALL_FAULTS, Fault, FaultSettings

if TYPE_CHECKING:
    from qiskit_direct_provider.testing.routes import Predicate

__all__ = ["Drawn", "RandomRule", "Rules", "Script"]


class Drawn(NamedTuple):
    """A fault, and how it shows itself."""

    fault: Fault
    settings: FaultSettings


class _Rule(Protocol):
    def draw(self, method: str, path: str) -> Drawn | None:
        """What this rule wants for a request; None leaves it to the next rule."""


@dataclass
class Script:
    """The n-th matching request gets the n-th fault; later ones are left to other rules."""

    match: Predicate
    faults: deque[Fault]
    settings: FaultSettings

    def draw(self, method: str, path: str) -> Drawn | None:
        """The next fault of the script."""
        if not self.faults or not self.match(method, path):
            return None
        return Drawn(self.faults.popleft(), self.settings)

    def __repr__(self) -> str:
        return f"script({', '.join(fault.name for fault in self.faults)})"


@dataclass
class RandomRule:
    """Each matching request gets, with one probability, one of some faults.

    The draws depend on the seed and on how many matching requests came before, and on nothing else.
    """

    match: Predicate
    rate: float
    seed: int
    faults: tuple[Fault, ...]
    settings: FaultSettings
    _source: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.rate <= 1:
            raise InvalidInputError(f"rate is a probability between 0 and 1, not {self.rate}")
        if not self.faults:
            raise InvalidInputError("no faults to draw from")
        self._source = random.Random(self.seed)  # noqa: S311 - reproducible, not secret

    def draw(self, method: str, path: str) -> Drawn | None:
        """A fault, or none."""
        if not self.match(method, path):
            return None
        hit, choice = self._source.random() < self.rate, self._source.choice(self.faults)
        return Drawn(choice, self.settings) if hit else None

    def __repr__(self) -> str:
        kinds = f"{len(self.faults)} faults" if len(self.faults) > 3 else _names(self.faults)  # noqa: PLR2004 - as many as fit into a line
        return f"random(rate={self.rate}, seed={self.seed}, {kinds})"


class Rules:
    """All rules of a proxy, asked in the order in which they were made, scripts first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scripts: list[Script] = []
        self._random: list[RandomRule] = []
        self._default = Drawn(Fault.PASS, FaultSettings())

    def add_script(self, match: Predicate, faults: Iterable[Fault], settings: FaultSettings) -> None:
        """Another script."""
        script = Script(match, deque(faults), settings)
        with self._lock:
            self._scripts.append(script)

    def add_random(
        self,
        match: Predicate,
        rate: float,
        seed: int | None,
        faults: Iterable[Fault] | None,
        settings: FaultSettings,
    ) -> None:
        """Another random rule; without a seed, one is made up."""
        made_up = random.SystemRandom().randrange(1_000_000)
        chosen = ALL_FAULTS if faults is None else tuple(faults)
        rule = RandomRule(match, rate, made_up if seed is None else seed, chosen, settings)
        with self._lock:
            self._random.append(rule)

    def clear(self) -> None:
        """Forget all rules."""
        with self._lock:
            self._scripts, self._random = [], []

    def draw(self, method: str, path: str) -> Drawn:
        """What becomes of the next request."""
        with self._lock:
            rules: tuple[_Rule, ...] = (*self._scripts, *self._random)
            for rule in rules:
                drawn = rule.draw(method, path)
                if drawn is not None:
                    return drawn
            return self._default

    def __repr__(self) -> str:
        with self._lock:
            rules = [*(script for script in self._scripts if script.faults), *self._random]
            return ", ".join(map(repr, rules)) or "no faults"


def _names(faults: tuple[Fault, ...]) -> str:
    return "|".join(fault.name for fault in faults)
