"""Programs in OpenQASM 3 that a grammar allows, from a seed."""

from __future__ import annotations

import random

__all__ = ["Writer"]

ANGLES = (
    "0.5", "-0.25", "1", "-3", "1e-3", "-1.5E-7", "2.", ".5", "pi", "-pi/2", "3*pi/4", "pi/2 + 0.1", "1/2",
    "7/2", "(pi - 1)/3", "-(tau)", "euler*2", "th", "-th", "2*th", "th/2 + pi", "(th + ph)*0.5", "1_000",
    "2 - 3 - 4", "8/2/2",
)  # fmt: skip
ONE = ("x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "id")
ONE_ANGLE = ("rx", "ry", "rz", "p", "u1", "phase")
TWO = ("cx", "cy", "cz", "ch", "swap", "CX")
TWO_ANGLE = ("cp", "crx", "cry", "crz", "cphase")


class Writer:
    """Writes random programs, on physical qubits or on registers."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - reproducible, and nothing secret
        self.physical = self.random.random() < 0.5
        registers = [*(f"q[{k}]" for k in range(4)), "r", "w[0]"]
        self.qubits = [f"${k}" for k in range(6)] if self.physical else registers

    def text(self) -> str:
        """A program of up to 25 statements, in a random layout."""
        parts = ["OPENQASM 3.0;", 'include "stdgates.inc";', "input float[64] th;", "input angle ph;"]
        parts += [self.random.choice(["bit[6] c;", "creg c[6];"]), "bit b;"]
        if not self.physical:
            parts += [self.random.choice(["qubit[4] q;", "qreg q[4];"]), "qubit r;", "qubit[1] w;"]
        parts += [self._statement() for _ in range(self.random.randrange(1, 26))]
        return self._spaced(parts)

    def _statement(self) -> str:
        one, two, three = self.random.sample(self.qubits, 3)
        angle, other = self.random.choices(ANGLES, k=2)
        choose = self.random.choice
        duration = choose(["100ns", "0.25us", "16dt", "1ms", "1.5e2ns"])
        return choose(
            [
                f"{choose(ONE)} {one};",
                f"{choose(ONE_ANGLE)}({angle}) {one};",
                f"{choose(TWO)} {one}, {two};",
                f"{choose(TWO_ANGLE)}({angle}) {one},{two};",
                choose([f"u3({angle}, 0, {other}) {one};", f"U(0.1,{angle},2) {one};", f"u2(0, pi) {one};"]),
                choose([f"ccx {one}, {two}, {three};", f"cswap {one}, {two}, {three};"]),
                choose([f"barrier {one}, {two};", f"reset {one};", f"delay[{duration}] {one}, {two};"]),
                f"{choose(['c[0]', 'c[5]', 'b', 'c[3]'])} = measure {one};",
            ]
        )

    def _spaced(self, parts: list[str]) -> str:
        comments = ("", "", " // x $190;\n", " /* h $191;\n */ ")
        return "".join(
            part + self.random.choice(["\n", " ", "\n\n"]) + self.random.choice(comments) for part in parts
        )
