"""How long devices were dedicated to jobs, added up."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.errors import InvalidInputError

if TYPE_CHECKING:
    from qiskit_direct_provider.journal import JobEntry

__all__ = ["Usage", "UsageReport"]


@dataclass
class Usage:
    """Usage of some jobs.

    Attributes:
        jobs: How many there are.
        quantum_seconds: Time that devices were dedicated to them, in seconds, where it is known.
        unknown: How many of them it is not known of, such as those that have not ended.
    """

    jobs: int = 0
    quantum_seconds: float = 0.0
    unknown: int = 0

    def add(self, entry: JobEntry) -> None:
        """Count another job."""
        self.jobs += 1
        if entry.quantum_ns is None:
            self.unknown += 1
        else:
            self.quantum_seconds += entry.quantum_ns * 1e-9


@dataclass(frozen=True)
class UsageReport:
    """Usage by one property of jobs. Iterating gives keys, indexing the usage; it prints as a table."""

    by: str
    rows: dict[str, Usage]
    total: Usage

    @classmethod
    def of(cls, entries: Iterable[JobEntry], by: str) -> UsageReport:
        """Add up jobs.

        Raises:
            InvalidInputError: There is no such property to add up by.
        """
        if by not in _KEYS:
            raise InvalidInputError(f"usage() adds up by {', '.join(_KEYS)}, not {by!r}")
        rows: dict[str, Usage] = {}
        total = Usage()
        for entry in entries:
            total.add(entry)
            for key in _KEYS[by](entry) or ("",):
                rows.setdefault(key, Usage()).add(entry)
        return cls(by, dict(sorted(rows.items())), total)

    def __getitem__(self, key: str) -> Usage:
        return self.rows[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """The report for ``json.dumps``."""
        rows = {key: vars(usage) for key, usage in self.rows.items()}
        return {"by": self.by, "rows": rows, "total": vars(self.total)}

    def to_csv(self) -> str:
        """The rows as CSV, with a heading; jobs without the property have an empty key."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([self.by, "jobs", "quantum_seconds", "unknown"])
        writer.writerows(
            [key, each.jobs, f"{each.quantum_seconds:.6f}", each.unknown] for key, each in self.rows.items()
        )
        return text.getvalue()

    def __str__(self) -> str:
        width = max(len(self.by), *(len(key) for key in (*self.rows, "(none)", "total")))
        lines = [f"{self.by:<{width}}  {'jobs':>6}  {'quantum s':>12}  {'unknown':>7}"]
        for key, usage in (*self.rows.items(), ("total", self.total)):
            numbers = f"{usage.jobs:>6}  {usage.quantum_seconds:>12.3f}  {usage.unknown:>7}"
            lines.append(f"{key or '(none)':<{width}}  {numbers}")
        return "\n".join(lines)


_KEYS: dict[str, Callable[[JobEntry], tuple[str, ...]]] = {
    "tag": lambda entry: entry.tags,
    "backend": lambda entry: (entry.backend_name,),
    "name": lambda entry: (entry.name,) if entry.name else (),
    "status": lambda entry: (entry.status or "RUNNING",),
    "day": lambda entry: ((entry.created or entry.intended).date().isoformat(),),
}
