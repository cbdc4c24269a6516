"""Inputs and results of version 1 of the programs, which were retired in 2024, by way of version 2."""

from __future__ import annotations

from typing import Any

import msgspec

from qiskit_direct_provider.wire.primitives import SAMPLER

__all__ = ["V1", "V2", "InvalidV1Error", "is_v1", "v1_results", "v2_params"]

V1, V2 = "v1", "v2"

_DEFAULT_SHOTS = 4000


class InvalidV1Error(ValueError):
    """Why an input of version 1 cannot be read."""


def is_v1(params: dict[str, Any]) -> bool:
    """Whether parameters are those of version 1."""
    return "circuits" in params and "pubs" not in params


def v2_params(params: dict[str, Any], program_id: str) -> dict[str, Any]:
    """The same input in version 2: one pub a circuit. Circuits are run as they are, never transpiled.

    Raises:
        InvalidV1Error: It does not fit together.
    """
    circuits = _selected(params["circuits"], params.get("circuit_indices"), "circuit")
    values = params.get("parameter_values")
    each = [None] * len(circuits) if not values else list(values)
    options = params.get("run_options")
    shots = (options if isinstance(options, dict) else {}).get("shots") or _DEFAULT_SHOTS
    if len(each) != len(circuits):
        raise InvalidV1Error("there are not as many parameter_values as circuits")
    document = {"version": 2, "support_qiskit": False}
    if program_id == SAMPLER:
        return document | {
            "pubs": [[circuit, value, shots] for circuit, value in zip(circuits, each, strict=True)]
        }
    observables = _selected(params.get("observables"), params.get("observable_indices"), "observable")
    if len(observables) != len(circuits):
        raise InvalidV1Error("there are not as many observables as circuits")
    pubs = [list(pub) for pub in zip(circuits, observables, each, strict=True)]
    return document | {"pubs": pubs, "precision": shots**-0.5}


def _selected(given: Any, indices: Any, what: str) -> list[Any]:
    found = [given] if isinstance(given, str | dict) else given
    if not isinstance(found, list) or not found:
        raise InvalidV1Error(f"there is no {what}")
    if indices is None:
        return found
    try:
        return [found[index] for index in indices]
    except (TypeError, IndexError):
        raise InvalidV1Error(f"the indices of {what}s do not fit") from None


def v1_results(document: bytes, program_id: str) -> bytes:
    """A plain result of version 2 as one of version 1: probabilities by number, or expectation values."""
    pubs = msgspec.json.decode(document)["results"]
    if program_id == SAMPLER:
        found = [_quasi(pub["data"]) for pub in pubs]
        result: dict[str, Any] = {
            "quasi_dists": [quasi for quasi, _ in found],
            "metadata": [meta for _, meta in found],
        }
    else:
        values = [float(pub["data"]["evs"]) for pub in pubs]
        metadata = [{"variance": float(pub["data"]["stds"]) ** 2, "shots": _DEFAULT_SHOTS} for pub in pubs]
        result = {"values": values, "metadata": metadata}
    return msgspec.json.encode(result)


def _quasi(data: dict[str, Any]) -> tuple[dict[str, float], dict[str, Any]]:
    """Share of each outcome, as decimal numbers; the first register is in the lowest bits."""
    columns, shift = [], 0
    for register in data.values():
        columns.append([int(sample, 16) << shift for sample in register["samples"]])
        shift += register["num_bits"]
    words = [sum(row) for row in zip(*columns, strict=True)]
    shots = len(words)
    counts: dict[int, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    quasi = {str(word): number / shots for word, number in sorted(counts.items())}
    return quasi, {"shots": shots, "circuit_metadata": {}}
