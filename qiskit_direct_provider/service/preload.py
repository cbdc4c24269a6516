"""Imported once by the fork server, so that every worker starts with all of it in memory."""

from __future__ import annotations

import contextlib

import qiskit_aer  # noqa: F401 - imported for its effect on the memory of workers
from qiskit import qasm3

import qiskit_direct_provider.service.execute  # noqa: F401 - imported so that workers have it
from qiskit_direct_provider.service.openqasm.reader import read_program

# The parser of OpenQASM builds its tables while it reads its first program. Nothing here may start a
# thread, for a thread does not survive the fork.
_SAMPLE = """OPENQASM 3.0; include "stdgates.inc";
gate rzz(p0) q0, q1 { cx q0, q1; rz(p0) q1; cx q0, q1; }
input float[64] theta; bit[2] c; rz(pi/2) $0; sx $0; x $1; rz(-1.5e-3 + theta) $1; cz $0, $1; rzz(0.5) $0, $1;
barrier $0, $1; delay[100ns] $0; c[0] = measure $0; if (c[0]) { x $1; } c[1] = measure $1;"""


def _warm_parser() -> None:
    # a cold parser works, too
    with contextlib.suppress(Exception):
        read_program(_SAMPLE)
        qasm3.loads(_SAMPLE)


_warm_parser()
