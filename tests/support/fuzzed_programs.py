"""Programs in OpenQASM 3 with random faults, from a seed."""

from __future__ import annotations

import functools
import random
import re

from random_programs import random_program
from written_programs import Writer

from qiskit_direct_provider.programs.openqasm import to_openqasm3

__all__ = ["fuzzed_program"]

HEADER = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
PROGRAMS = (
    HEADER + "input float[64] th; bit[2] c; rz(th/2 + pi) $0; sx $0; cx $0, $1; c[0] = measure $0;",
    HEADER + "gate rzz(t) a, b { cx a, b; rz(t) b; cx a, b; } qubit[2] q; bit[2] c; rzz(0.3) q[0], q[1];",
    HEADER + "bit[2] c; int t; t = c; switch (t) { case 0: { x $0; } break; default: { y $1; } break; }",
    HEADER + "bit[2] c; uint[3] u; bool f; u = 5; f = u > 2 && !c[0]; while (f || c == 1) { x $0; break; }",
    HEADER
    + "bit[2] c; for int i in [0:2:6] { rz(i) $0; if (c[1]) { continue; } else if (c == 2) { h $1; } }",
    HEADER + "qreg q[2]; creg c[2]; let a = {q[1], q[0]}; u3(1, 2, -.5e1) a; ctrl @ x a; measure q -> c;",
    HEADER + "bit a; box[100ns] { delay[3dt] $0; barrier; reset $1; } gphase(0.1); a = measure $0; // done\n",
)
RUNNABLE = 60
"""Programs in the instruction set of fake_manila among those that are changed."""

_TOKEN = re.compile(r'\s+|"[^"]*"|[A-Za-z_]\w*|\$\d+|[\d.]+|.', re.DOTALL)
_WORDS = """
    if else for while switch case gate def input let cal measure bit qubit uint float bool const pi true $0 $9
    q c u 0 -1 1e9 2.5 999999 delay box gphase include break inv@ pow(2)@ "0101" #pragma \u03c0 \x00
    ( ) { } [ ] ; , : = - + * / @ & | ! < > ~ ^ .
""".split()  # noqa: SIM905 - a list of words reads best as text


def fuzzed_program(source: random.Random) -> str:
    """A program as a device runs it, as a grammar has it, or of odd statements; mostly with a few faults."""
    kind = source.randrange(3)
    if kind == 0:
        return _changed(source.choice(PROGRAMS), source.randrange(1, 7), source)
    text = Writer(source.randrange(10**9)).text() if kind == 1 else _runnable(source.randrange(RUNNABLE))
    return _changed(text, source.choice([0, 1, 1, 2, 4]), source)


@functools.cache
def _runnable(seed: int) -> str:
    return to_openqasm3(random_program(seed).bound)


def _changed(text: str, changes: int, source: random.Random) -> str:
    """The text with that many tokens deleted, doubled, swapped, replaced or added."""
    tokens = _TOKEN.findall(text)
    for _ in range(changes):
        place = source.randrange(len(tokens))
        change = source.randrange(5)
        if change == 0 and len(tokens) > 1:
            del tokens[place]
        elif change == 1:
            tokens.insert(place, tokens[place])
        elif change == 2:
            other = source.randrange(len(tokens))
            tokens[place], tokens[other] = tokens[other], tokens[place]
        elif change == 3:
            tokens[place] = source.choice(_WORDS)
        else:
            tokens[place:place] = tokens[source.randrange(len(tokens)) :][: source.randrange(1, 12)]
    return "".join(tokens)
