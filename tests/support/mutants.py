"""Damaged and hostile result documents, from a seed."""

from __future__ import annotations

import base64
import copy
import functools
import io
import json
import random
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from qiskit_direct_provider.wire.codec import encode_ndarray, tagged

ODD_VALUES: list[Any] = [
    *(None, True, False, "", "x", "0x", "0x1", "0xfg", "é", "\u0000", "AAAA", "9" * 40, "linear"),
    *(0, 1, -1, 2, 3.5, 1e308, 2**31, 2**63, 10**30, 10**9, float("nan"), float("inf")),
    *([], {}, [[]], [[0, 1]], ["0x0"], [None], {"samples": ["0x1"], "num_bits": 1}),
    *(tagged(name, [1, 2]) for name in ("complex", "set", "ndarray", "datetime", "float", "settings")),
    *(tagged("QuantumCircuit", "AAAA"), tagged("set", [[1], {}]), {"__int_keys__": True, "3": 1}),
    {"__type__": "_json", "__module__": "os", "__class__": "system", "__value__": {}},
    {"__type__": "BitArray", "__value__": {"array": {"__type__": "ndarray", "__value__": 3}, "num_bits": 1}},
]
ODD_KEYS = ["shape", "keys", "_data", "__class__", "__dict__", "a b", "", "c", "evs", "__type__", "é"]


def npy(header: bytes, body: bytes = b"\x01") -> bytes:
    """An npy file of this header, whatever it says."""
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + body


def packed(data: bytes) -> str:
    """As the text of an array."""
    return base64.b64encode(zlib.compress(data)).decode()


@functools.cache
def zeros(size: int, shape: str = "(1, 1)") -> str:
    """The text of an array of so many zero bytes, whatever its header says of them."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return packed(npy(header, bytes(size)))


def field(array: Any, num_bits: Any = 2) -> dict[str, Any]:
    """A register of the form for Qiskit."""
    return tagged("BitArray", {"array": tagged("ndarray", array), "num_bits": num_bits})


def qiskit_form(*fields: dict[str, Any], shape: tuple[int, ...] = (), metadata: Any = None) -> dict[str, Any]:
    """A document with these pubs."""
    pubs = [
        tagged(
            "SamplerPubResult",
            {
                "data": tagged("DataBin", {"field_names": list(each), "shape": shape, "fields": each}),
                "metadata": metadata or {},
            },
        )
        for each in fields
    ]
    return tagged("PrimitiveResult", {"pub_results": pubs, "metadata": metadata or {}})


def _bases() -> list[Any]:
    rng = np.random.default_rng(3)
    bits = field(encode_ndarray(rng.integers(0, 4, (6, 1), dtype=np.uint8))["__value__"])
    wide = field(encode_ndarray(rng.integers(0, 255, (2, 5, 3), dtype=np.uint8))["__value__"], 24)
    span = {"start": tagged("datetime", "2026-11-20T06:00:00.1+00:00"), "data_slices": {"0": [[3], 0, 3]}}
    metadata = {
        "execution": tagged("ExecutionSpans", {"spans": [tagged("ExecutionSpan", span)]}),
        "z": tagged("complex", [1, 2]),
        "s": tagged("set", [1, 2]),
        "a": encode_ndarray(rng.random(2)),
        "version": 2,
    }
    values = {"evs": encode_ndarray(rng.random((2, 2))), "stds": 0.5}
    kerneled = {"c": encode_ndarray(rng.random((3, 2)) + 1j)}
    return [
        qiskit_form({"c": bits, "d": bits}, {"c": bits}, metadata=metadata),
        qiskit_form({"c": wide}, shape=(2,)),
        qiskit_form(values, shape=(2, 2)) | {},
        qiskit_form(kerneled),
        {
            "results": [
                {"data": {"c": {"samples": [["0x0", "0x3"], ["0x1", "0x2"]], "num_bits": 2}}, "metadata": {}},
                {"data": {"evs": [0.5, float("nan")], "stds": [0.1, 0.2]}},
                {"data": {"c": [[{"complex": [1, 2]}]]}, "metadata": {"t": {"date": "2026-11-20T06:00:00Z"}}},
            ],
            "metadata": {"version": 2},
        },
        {"quasi_dists": [{"0": 0.98, "3": 0.02}], "metadata": [{"shots": 4000}]},
        {"values": [0.5, 0.25], "metadata": [{"variance": 0.7, "shots": 4000}, {}]},
    ]


BASES = _bases()
TEXTS = [json.dumps(base).encode() for base in BASES]


def _nodes(value: Any) -> list[tuple[Any, Any]]:
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    found = []
    for key, entry in entries:
        found += [(value, key), *_nodes(entry)]
    return found


def _flipped(rng: random.Random) -> bytes:
    text = bytearray(rng.choice(TEXTS))
    for _ in range(rng.randint(1, 6)):
        text[rng.randrange(len(text))] = rng.choice([rng.randrange(256), *b'"{}[],:\\0'])
    return bytes(text)


def _cut(rng: random.Random) -> bytes:
    text = rng.choice(TEXTS)
    return text[: rng.randrange(len(text))]


def _spliced(rng: random.Random) -> bytes:
    first, second = rng.choice(TEXTS), rng.choice(TEXTS)
    return first[: rng.randrange(len(first))] + second[rng.randrange(len(second)) :]


def _swapped(rng: random.Random) -> bytes:
    """Other types in the place of nodes, missing nodes, other names."""
    document = copy.deepcopy(rng.choice(BASES))
    for _ in range(rng.randint(1, 4)):
        container, key = rng.choice(_nodes(document) or [({"": 0}, "")])
        action = rng.randrange(4)
        if action == 0:
            del container[key]
        elif action == 1 and isinstance(container, dict):
            container[rng.choice(ODD_KEYS)] = container.pop(key)
        elif action == 2:
            donor, place = rng.choice(_nodes(rng.choice(BASES)))
            container[key] = copy.deepcopy(donor[place])
        else:
            container[key] = copy.deepcopy(rng.choice(ODD_VALUES))
    return json.dumps(document).encode()


def _odd_header(rng: random.Random) -> bytes:
    """An npy file whose header was edited, under good base64 and zlib."""
    descr = rng.choice(["|u1", "|O", "<f8", ">c16", "|S3", "<U5", "|V2", "<M8[s]", "u1", "", "[('a','|u1')]"])
    shape = rng.choice(
        ["()", "(1,)", "(1, 1)", "(-1, 1)", "(1e3,)", "(9999999999, 0)", "(1, 1, )", "(" * 900]
    )
    order = rng.choice(["False", "True", "None", "__import__('os')"])
    header = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    data = bytearray(npy(header + b" " * rng.choice([0, 1, 5000]) + b"\n", bytes(rng.choice([0, 1, 8, 16]))))
    if rng.random() < 0.5:
        data[rng.randrange(min(len(data), 100))] = rng.randrange(256)
    return json.dumps(qiskit_form({"c": field(packed(bytes(data)), rng.choice([0, 1, 2, 8]))})).encode()


def _bomb(rng: random.Random) -> bytes:
    """More zeros than a header says, as many as it says, or many arrays that are each allowed."""
    size = rng.choice([2_000_000, 30_000_000])
    shape = rng.choice(["(1, 1)", f"({size}, 1)", "(999999999999, 1)", f"({size}, 0)"])
    text = zeros(size, shape)
    fields = {f"c{number}": field(text, rng.choice([1, 8])) for number in range(rng.choice([1, 20]))}
    if rng.random() < 0.3:
        return json.dumps(qiskit_form(metadata={"a": tagged("ndarray", text)})).encode()
    return json.dumps(qiskit_form(fields)).encode()


def _nested(rng: random.Random) -> bytes:
    """Depth, numbers of many digits, and texts that are none."""
    inside = rng.choice(
        [
            b"[" * rng.choice([70, 3000, 100_000]),
            b'{"a":' * rng.choice([70, 3000]),
            b"[" * 200 + b"]" * 200,
            b"9" * rng.choice([30, 4000, 50_000]),
            b"1e" + b"9" * 30,
            *(b'"\\ud800"', b'"\xff\xfe"', b"NaN", b"-Infinity", b'"' * 5000, b'"NaN\\' * 3000),
            b'{"__type__":"set","__value__":[' + b"[]," * 3000 + b"1]}",
        ]
    )
    text = rng.choice(TEXTS)
    at = text.find(b'"metadata": ', rng.randrange(len(text)))
    at = at + 12 if at >= 0 else rng.randrange(len(text))
    return text[:at] + inside + rng.choice([b"", text[at + 2 :]])


KINDS: tuple[tuple[Callable[[random.Random], bytes], int], ...] = (
    (_flipped, 30),
    (_cut, 8),
    (_spliced, 10),
    (_swapped, 35),
    (_odd_header, 10),
    (_nested, 6),
)
BOMB_EVERY = 250


def mutant(seed: int) -> bytes:
    """The damaged document of this number; one in `BOMB_EVERY` is a bomb of zeros."""
    rng = random.Random(seed)  # noqa: S311 - not a secret
    if seed % BOMB_EVERY == 0:
        return _bomb(rng)
    kinds, weights = zip(*KINDS, strict=True)
    chosen: Callable[[random.Random], bytes] = rng.choices(kinds, weights)[0]
    return chosen(rng)


def npy_of(array: np.ndarray[Any, Any], *, allow_pickle: bool = False) -> bytes:
    """What NumPy writes."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=allow_pickle)
    return buffer.getvalue()
