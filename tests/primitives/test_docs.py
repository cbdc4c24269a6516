"""The tables of options in the reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qiskit_direct_provider.primitives import EstimatorOptions, SamplerOptions
from qiskit_direct_provider.primitives.groups import rows

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "primitives.md"


def documented(heading: str) -> list[tuple[str, ...]]:
    """Rows of the table under a heading."""
    section = PAGE.read_text().split(f"### {heading}\n")[1].split("\n#")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [tuple(cell.strip(" `") for cell in line.strip("|").split("|")) for line in lines]


@pytest.mark.parametrize(
    ("kind", "heading"), [(SamplerOptions, "Of the sampler"), (EstimatorOptions, "Of the estimator")]
)
def test_every_option_is_documented_as_it_is(kind: Any, heading: str) -> None:
    there = [*documented("Of both"), *documented(heading)]
    assert sorted(there) == sorted(tuple(cell.strip("`") for cell in row) for row in rows(kind))
