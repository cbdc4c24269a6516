"""From the bytes of a result to PrimitiveResult, counts and memory: this package and the others, in one run.

The floor of decoding is base64, zlib and the numbers behind the npy header, pub by pub, with everything else
known beforehand. Counts and memory are compared with `BitArray.get_counts` and `BitArray.get_bitstrings`.
Peak memory is what tracemalloc sees beyond the payload itself. A plain document (`support_qiskit` false)
lists its shots in hexadecimal, which runtime leaves to the user and to `BitArray.from_samples`; its floor is
json and bytes.fromhex. That it takes longer is why this package asks for the form for Qiskit.
"""

from __future__ import annotations

import base64
import gc
import json
import statistics
import time
import tracemalloc
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, SamplerPubResult

from qiskit_direct_provider.results import (
    ResultOrigin,
    primitive_result_from_json,
    qiskit_result,
    records_from,
)

ORIGIN = ResultOrigin("job", "device", "1.0.0")
ROUNDS = 15


@dataclass(frozen=True)
class Case:
    """A job of so many pubs with one register each."""

    name: str
    pubs: int
    shots: int
    bits: int
    ones: float = 0.5


CASES = (
    Case("1 x 100,000 x 156", 1, 100_000, 156),
    Case("1,000 x 1,000 x 20", 1_000, 1_000, 20),
    Case("the same, 3 % ones", 1_000, 1_000, 20, 0.03),
    Case("1 x 100,000 x 156, 3 %", 1, 100_000, 156, 0.03),
)
PLAIN = Case("plain, 100,000 x 156", 1, 100_000, 156)
SCALING = tuple(Case("", 1, shots, 156) for shots in (1_000, 10_000, 100_000, 300_000))


def bits_of(case: Case, rng: np.random.Generator) -> BitArray:
    """Random bits; drawn by the thousand shots, so that many need little memory."""
    rows = [
        BitArray.from_bool_array(rng.random((1_000, case.bits)) < case.ones).array
        for _ in range(case.shots // 1_000)
    ]
    return BitArray(np.concatenate(rows), case.bits)


def payload_of(case: Case) -> bytes:
    """The document that qiskit-ibm-runtime's encoder makes."""
    from qiskit_ibm_runtime import RuntimeEncoder

    rng = np.random.default_rng(1)
    pubs = []
    for _ in range(case.pubs):
        bits = bits_of(case, rng)
        pubs.append(SamplerPubResult(DataBin(meas=bits, shape=()), metadata={"circuit_metadata": {}}))
    return json.dumps(PrimitiveResult(pubs, metadata={"version": 2}), cls=RuntimeEncoder).encode()


def floor_of(payload: bytes, case: Case) -> Callable[[], object]:
    """Base64, zlib and numbers alone."""
    texts = [
        pub["__value__"]["data"]["__value__"]["fields"]["meas"]["__value__"]["array"]["__value__"]
        for pub in json.loads(payload)["__value__"]["pub_results"]
    ]
    size = case.shots * -(-case.bits // 8)

    def floor() -> list[np.ndarray]:
        found = []
        for text in texts:
            data = zlib.decompress(base64.b64decode(text))
            found.append(np.frombuffer(data, np.uint8, offset=len(data) - size).reshape(case.shots, -1))
        return found

    return floor


def medians(*calls: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Median CPU seconds of each call.

    They take turns, so that a noisy moment hits all, and none pays for the garbage of another.
    """
    times: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(rounds):
        for index, call in enumerate(calls):
            gc.collect()
            started = time.process_time()
            call()
            times[index].append(time.process_time() - started)
    return [statistics.median(found) for found in times]


def peak_of(call: Callable[[], object]) -> int:
    """Bytes that a call holds at its worst moment."""
    call()
    tracemalloc.start()
    kept = call()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return peak


def decoding(case: Case, payload: bytes) -> None:
    """One line: times, ratios and peaks of the decoders."""
    from qiskit_ibm_runtime import RuntimeDecoder

    ours, least, runtime = medians(
        lambda: primitive_result_from_json(payload),
        floor_of(payload, case),
        lambda: json.loads(payload, cls=RuntimeDecoder),
    )
    unpacked = case.pubs * case.shots * -(-case.bits // 8)
    peak = peak_of(lambda: primitive_result_from_json(payload))
    theirs = peak_of(lambda: json.loads(payload, cls=RuntimeDecoder))
    print(
        f"{case.name:24}{ours * 1e3:9.1f} ms{least * 1e3:9.1f} ms{ours / least:9.2f}x"
        f"{runtime * 1e3:9.1f} ms{runtime / ours:7.1f}x"
        f"{len(payload) / 1e6:8.2f} MB{unpacked / 1e6:8.2f} MB"
        f"{peak / len(payload):7.2f}x{peak / unpacked:7.2f}x{theirs / len(payload):9.2f}x"
        f"{theirs / peak:7.2f}x"
    )


def plain_payload(case: Case) -> bytes:
    """The same document without objects for Qiskit."""
    rng = np.random.default_rng(1)
    bits = bits_of(case, rng)
    samples = [hex(int.from_bytes(row.tobytes(), "big")) for row in bits.array]
    data = {"meas": {"samples": samples, "num_bits": case.bits}}
    return json.dumps({"results": [{"data": data, "metadata": {}}], "metadata": {"version": 2}}).encode()


def decoding_plain(case: Case) -> None:
    """One line: times and ratios for a plain document."""
    payload, width = plain_payload(case), -(-case.bits // 8)
    for_qiskit = payload_of(case)

    def samples() -> list[str]:
        found: list[str] = json.loads(payload)["results"][0]["data"]["meas"]["samples"]
        return found

    ours, least, other, preferred = medians(
        lambda: primitive_result_from_json(payload),
        lambda: np.frombuffer(
            bytes.fromhex("".join([text[2:].zfill(2 * width) for text in samples()])), np.uint8
        ).reshape(-1, width),
        lambda: BitArray.from_samples(samples(), case.bits),
        lambda: primitive_result_from_json(for_qiskit),
        rounds=5,
    )
    print(
        f"{case.name:24}{ours * 1e3:9.1f} ms{least * 1e3:9.1f} ms{ours / least:9.2f}x"
        f"{other * 1e3:9.1f} ms{other / ours:7.1f}x{len(payload) / 1e6:8.2f} MB; "
        f"{ours / preferred:.1f} times the form for Qiskit"
    )


def scaling() -> None:
    """One line a number of shots."""
    from qiskit_ibm_runtime import RuntimeDecoder

    for case in SCALING:
        payload = payload_of(case)
        ours, least, runtime = medians(
            lambda payload=payload: primitive_result_from_json(payload),  # type: ignore[misc]  # of this round
            floor_of(payload, case),
            lambda payload=payload: json.loads(payload, cls=RuntimeDecoder),  # type: ignore[misc]  # of this round
            rounds=5,
        )
        print(f"{case.shots:16,} shots{ours * 1e3:11.2f} ms{least * 1e3:9.2f} ms{runtime * 1e3:9.2f} ms")


def counting(case: Case, payload: bytes) -> None:
    """One line: counts and memory through Qiskit's Result and through BitArray."""
    found = primitive_result_from_json(payload)
    records = records_from(found)

    def counts() -> object:
        return qiskit_result(found, records, ORIGIN).get_counts()

    def memory() -> object:
        result = qiskit_result(found, records, ORIGIN, memory=True)
        return [result.get_memory(index) for index in range(case.pubs)]

    ours, built, theirs, ours_memory, built_memory, their_memory = medians(
        counts,
        lambda: qiskit_result(found, records, ORIGIN),
        lambda: [pub.data.meas.get_counts() for pub in found],
        memory,
        lambda: qiskit_result(found, records, ORIGIN, memory=True),
        lambda: [pub.data.meas.get_bitstrings() for pub in found],
        rounds=7,
    )
    print(
        f"{case.name:24}{built * 1e3:9.0f} ms{ours * 1e3:9.0f} ms{theirs * 1e3:9.0f} ms{theirs / ours:7.1f}x"
        f"{built_memory * 1e3:12.0f} ms{ours_memory * 1e3:9.0f} ms{their_memory * 1e3:9.0f} ms"
        f"{their_memory / ours_memory:7.1f}x"
    )


def main() -> None:
    """Print two lines a case."""
    warnings.simplefilter("ignore")
    payloads = {case: payload_of(case) for case in CASES}
    print(
        f"{'bytes to PrimitiveResult':24}{'ours':>12}{'floor':>12}{'/floor':>10}{'runtime':>12}{'ratio':>8}"
        f"{'payload':>11}{'bits':>11}{'peak/p':>8}{'peak/b':>8}{'runtime/p':>10}{'ratio':>8}"
    )
    for case, payload in payloads.items():
        decoding(case, payload)
    decoding_plain(PLAIN)
    print(
        f"\n{'counts and memory':24}{'Result':>12}{'counts':>12}{'BitArray':>12}{'ratio':>8}"
        f"{'Result+mem':>15}{'memory':>12}{'bitstrings':>12}{'ratio':>8}"
    )
    for case, payload in payloads.items():
        counting(case, payload)
    print(f"\n{'1 pub of 156 bits':22}{'ours':>14}{'floor':>12}{'runtime':>12}")
    scaling()


if __name__ == "__main__":
    main()
