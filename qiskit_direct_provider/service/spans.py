"""When the device worked on which pub, in both encodings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qiskit_direct_provider.wire.codec import tagged

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

__all__ = ["Span", "plain_spans", "tagged_spans"]


@dataclass(frozen=True)
class Span:
    """All shots of one pub. ``shape`` is that of its data, shots last."""

    start: datetime
    stop: datetime
    pub: int
    shape: tuple[int, ...]


def tagged_spans(spans: Iterable[Span]) -> dict[str, object]:
    """As qiskit-ibm-runtime decodes them."""
    return tagged("ExecutionSpans", {"spans": [tagged("ExecutionSpan", _members(span)) for span in spans]})


def plain_spans(spans: Iterable[Span]) -> list[object]:
    """As the service writes them without Qiskit."""
    return [
        [
            {"date": span.start.isoformat()},
            {"date": span.stop.isoformat()},
            {str(span.pub): [list(span.shape), [0, math.prod(span.shape)]]},
        ]
        for span in spans
    ]


def _members(span: Span) -> dict[str, object]:
    return {
        "start": tagged("datetime", span.start.isoformat()),
        "stop": tagged("datetime", span.stop.isoformat()),
        "data_slices": {str(span.pub): [list(span.shape), 0, math.prod(span.shape)]},
    }
