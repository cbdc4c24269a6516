"""Programs with random faults: each is read, or refused with one kind of error, and no file is opened."""

from __future__ import annotations

import random
import re
import sys
import time
from typing import Any

import pytest

from qiskit_direct_provider.service.circuits import read_circuit
from qiskit_direct_provider.service.outcome import JobProblemError

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
TOKEN = re.compile(r'\s+|"[^"]*"|[A-Za-z_]\w*|\$\d+|[\d.]+|.', re.DOTALL)
WORDS = """
    if else for while switch case gate def input let cal measure bit qubit uint float bool const pi true $0 $9
    q c u 0 -1 1e9 2.5 999999 delay box gphase include break inv@ pow(2)@ "0101" #pragma \u03c0 \x00
    ( ) { } [ ] ; , : = - + * / @ & | ! < > ~ ^ .
""".split()  # noqa: SIM905 - a list of words reads best as text
# Longer than any of these takes on a busy machine.
PATIENCE_S = 20.0
_LONGEST_REASON = 1000


def mutant(source: random.Random) -> str:
    """One of the programs, with up to six tokens deleted, doubled, swapped, replaced or added."""
    tokens = TOKEN.findall(source.choice(PROGRAMS))
    for _ in range(source.randrange(1, 7)):
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
            tokens[place] = source.choice(WORDS)
        else:
            tokens[place:place] = tokens[source.randrange(len(tokens)) :][: source.randrange(1, 12)]
    return "".join(tokens)


def check(count: int, seed: int) -> int:
    """Read so many mutants; returns how many of them were refused with a reason."""
    source = random.Random(seed)  # noqa: S311 - reproducible, and nothing secret
    refused = 0
    for _ in range(count):
        text = mutant(source)
        start = time.monotonic()
        try:
            read_circuit(text, 10)
        except JobProblemError as error:
            refused += len(str(error)) < _LONGEST_REASON
        except Exception as error:  # noqa: BLE001 - that is the fault that is looked for
            pytest.fail(f"{type(error).__name__}: {error}\n{text}")
        assert time.monotonic() - start < PATIENCE_S, text
    return refused


OPENED: list[str] = []


def _note_opened(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str) and "r" in str(arguments[1] or "r"):
        OPENED.append(arguments[0])


def test_mutants_in_thousands() -> None:
    """None escapes the one kind of error, and some of each kind are among them."""
    sys.addaudithook(_note_opened)
    before = len(OPENED)
    refused = check(2000, seed=1)
    assert 500 < refused < 2000
    packages = (sys.prefix, sys.base_prefix)
    strange = [path for path in OPENED[before:] if not path.startswith(packages)]
    assert not strange


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(100))
def test_mutants_in_hundreds_of_thousands(seed: int) -> None:
    assert check(2000, seed=1000 + seed) > 0
