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
    each = values or [None] * len(circuits)
    shots = _shots(params.get("run_options"))
    if not isinstance(each, list) or len(each) != len(circuits):
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


def _shots(options: Any) -> int:
    shots = options.get("shots") if isinstance(options, dict) else None
    if shots is None:
        return _DEFAULT_SHOTS
    if isinstance(shots, bool) or not isinstance(shots, int) or shots < 1:
        raise InvalidV1Error("the number of shots is not a positive integer")
    return shots


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


def v1_results(document: bytes, program_id: str, *, bits: bool = False) -> bytes:
    """A plain result of version 2 as one of version 1: probabilities by word, or expectation values.

    Args:
        document: The result.
        program_id: Of which program it is.
        bits: Write words in bits, as IBM's client wants them, and not as decimal numbers.
    """
    pubs = msgspec.json.decode(document)["results"]
    if program_id == SAMPLER:
        found = [quasi for pub in pubs for quasi in _quasis(pub["data"], bits=bits)]
        names = ("quasi_dists", "metadata")
    else:
        found = [value for pub in pubs for value in _values(pub)]
        names = ("values", "metadata")
    columns = zip(*found, strict=True) if found else ((), ())
    return msgspec.json.encode(dict(zip(names, columns, strict=True)))


def _values(pub: dict[str, Any]) -> list[tuple[Any, dict[str, Any]]]:
    """Each value, and the variance of one shot: that of the value is this one over the number of shots."""
    shots = pub["metadata"]["shots"]
    values, errors = (_flat(pub["data"][name]) for name in ("evs", "stds"))
    return [
        (value, {"variance": error**2 * shots, "shots": shots})
        for value, error in zip(values, errors, strict=True)
    ]


def _flat(value: Any) -> list[float]:
    return [number for part in value for number in _flat(part)] if isinstance(value, list) else [value]


def _quasis(data: dict[str, Any], *, bits: bool) -> list[tuple[dict[str, float], dict[str, Any]]]:
    """Each point of a pub, of which version 1 had one only: a parameter's values may be several."""
    points = zip(*(_points(register["samples"]) for register in data.values()), strict=True) if data else [()]
    sizes = [register["num_bits"] for register in data.values()]
    return [_quasi(list(zip(point, sizes, strict=True)), bits=bits) for point in points]


def _points(samples: list[Any]) -> list[list[str]]:
    nested = bool(samples) and isinstance(samples[0], list)
    return [point for part in samples for point in _points(part)] if nested else [samples]


def _quasi(registers: list[tuple[list[str], int]], *, bits: bool) -> tuple[dict[str, float], dict[str, Any]]:
    """Share of each outcome; the first register is in the lowest bits."""
    columns, shift = [], 0
    for samples, num_bits in registers:
        columns.append([int(sample, 16) << shift for sample in samples])
        shift += num_bits
    words = [sum(row) for row in zip(*columns, strict=True)]
    shots = len(words)
    counts: dict[int, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    form = f"0{shift}b" if bits else "d"
    quasi = {f"{word:{form}}": number / shots for word, number in sorted(counts.items())}
    return quasi, {"shots": shots, "circuit_metadata": {}}
