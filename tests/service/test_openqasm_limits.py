"""Programs that are refused before anything parses them, each within a moment."""

from __future__ import annotations

import time

import pytest

from qiskit_direct_provider.service.circuits import read_circuit
from qiskit_direct_provider.service.openqasm.limits import without_comments
from qiskit_direct_provider.service.outcome import CIRCUIT_UNREADABLE, NOT_ISA, JobProblemError

HEADER = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
DEVICE_QUBITS = 20
# Far more than any of these takes, and far less than a reader takes that has no limits.
PATIENCE_S = 20.0


def doubling_gates(levels: int) -> str:
    """Gates each of which calls the one before it twice: 2^levels gates in a few lines."""
    gates = ["gate g0 a { x a; }", *(f"gate g{n} a {{ g{n - 1} a; g{n - 1} a; }}" for n in range(1, levels))]
    return " ".join([*gates, f"g{levels - 1} $0;"])


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (HEADER + "qubit[30000000] q;", NOT_ISA, "30000000"),
        (HEADER + "qubit [ 3_0000_000 ] q;", NOT_ISA, "30000000"),
        (HEADER + "qreg q[30000000];", NOT_ISA, "30000000"),
        (HEADER + "creg c[30000000];", NOT_ISA, "classical bits"),
        (HEADER + "bit[999999999999999999999] c;", NOT_ISA, "classical bits"),
        (HEADER + "x $20000000;", NOT_ISA, "20000000"),
        (HEADER + "x $20;", NOT_ISA, "20 qubits"),
        (HEADER + "rz(" + "1" * 1_000_000 + ") $0;", CIRCUIT_UNREADABLE, "digits"),
        (HEADER + "rz(" + "1_" * 1_000_000 + "1) $0;", CIRCUIT_UNREADABLE, "digits"),
        (HEADER + doubling_gates(30), CIRCUIT_UNREADABLE, "too many gates"),
        (HEADER + doubling_gates(2000), CIRCUIT_UNREADABLE, "too many gates"),
        (HEADER + "bit c;" + "if (c) {" * 500 + "}" * 500, CIRCUIT_UNREADABLE, "nested"),
        (HEADER + "rz(" + "(" * 5000 + "1" + ")" * 5000 + ") $0;", CIRCUIT_UNREADABLE, "nested"),
        (HEADER + "rz(" + "-" * 100_000 + "1) $0;", CIRCUIT_UNREADABLE, "cannot be read"),
        (HEADER + "rz(" + "2**" * 5_000 + "1) $0;", CIRCUIT_UNREADABLE, "nested"),
        (HEADER + "rz(" + "1+" * 200_000 + "1) $0;", CIRCUIT_UNREADABLE, "cannot be read"),
        (HEADER + "rz(9**9**9**9**9) $0;", CIRCUIT_UNREADABLE, "no value"),
        (HEADER + "ctrl(60) @ x $0;", CIRCUIT_UNREADABLE, "modifier"),
        (HEADER + "ctrl(n) @ x $0;", CIRCUIT_UNREADABLE, "modifier"),
        (HEADER + "ctrl @ " * 60 + "x $0;", CIRCUIT_UNREADABLE, "modifier"),
        (HEADER + "pow(1e300) @ x $0;", CIRCUIT_UNREADABLE, "modifier"),
        ("OPENQASM 3.0;" + " " * 9_000_000, CIRCUIT_UNREADABLE, "longer"),
        ("OPENQASM 3.0;" + ";" * 1_000_001, CIRCUIT_UNREADABLE, "statements"),
        (HEADER + "qubit[20] q;" + "barrier q; x q; " * 120_000, CIRCUIT_UNREADABLE, "instructions"),

        (HEADER + "x $0; /*" + "/* " * 1_000_000 + "y", None, ""),
        (HEADER + '"' * 1_000_000, CIRCUIT_UNREADABLE, "cannot be read"),
        (HEADER + "y $0;" + "a" * 1_000_000, CIRCUIT_UNREADABLE, "not ended"),
        (HEADER + "gate a " * 500_000, CIRCUIT_UNREADABLE, "not ended"),
        (HEADER + "gate " + "a" * 1_000_000 + "! b { x b; }", CIRCUIT_UNREADABLE, "cannot be read"),
        (HEADER + "x" + " " * 1_000_000 + "(;", CIRCUIT_UNREADABLE, "cannot be read"),
        (HEADER + "bit" + " " * 1_000_000 + "!;", CIRCUIT_UNREADABLE, "cannot be read"),
        (HEADER + "bit " + "c" * 1_000_000 + "!;", CIRCUIT_UNREADABLE, "cannot be read"),
        (HEADER + "delay" + " " * 1_000_000 + "[;", CIRCUIT_UNREADABLE, "cannot be read"),
        (HEADER + "for int i in [" + " " * 1_000_000 + "! { x $0; }", CIRCUIT_UNREADABLE, "cannot be read"),
        (HEADER + "bit c; " + "if (c) { x $0; }\n" * 3_000, None, ""),
        (HEADER + "x $0\x00;", CIRCUIT_UNREADABLE, "control characters"),
        (HEADER + "\x01x $0;\x02", CIRCUIT_UNREADABLE, "control characters"),
        ('OPENQASM 3.0; include "/etc/passwd";', CIRCUIT_UNREADABLE, "include"),
        ('OPENQASM 3.0; include "../secret.inc";', CIRCUIT_UNREADABLE, "include"),
        ('OPENQASM 3.0; include/**/"/etc/passwd";', CIRCUIT_UNREADABLE, "include"),
        ("OPENQASM 3.0; include '/dev/zero';", CIRCUIT_UNREADABLE, "include"),
        ('OPENQASM 3.0; include "stdgates.inc" "x";', CIRCUIT_UNREADABLE, "include"),
        ('OPENQASM 3.0; include "qelib1.inc";', CIRCUIT_UNREADABLE, "include"),
        (HEADER + "for int i in [0:1000000000000] { x $0; }", CIRCUIT_UNREADABLE, "longer"),
        (HEADER + "for int i in [0:1000000] { for int j in [0:1000000] { x $0; } }", None, ""),
        ("OPENQASM 3.0; defcal x $0 { play(drive($0), wf); }", CIRCUIT_UNREADABLE, "cannot be read"),
        ("OPENQASM 3.0; pragma open /etc/passwd\n x $0;", CIRCUIT_UNREADABLE, "cannot be read"),
        ("OPENQASM 3.0; extern f(int) -> int; f(3);", CIRCUIT_UNREADABLE, "cannot be read"),
        ("\ud800OPENQASM 3.0; x $0;", CIRCUIT_UNREADABLE, "cannot be read"),
    ],
    ids=lambda value: value[:40].strip() if isinstance(value, str) and len(value) < 200 else "",
)  # fmt: skip
def test_poisonous_programs(text: str, code: int | None, words: str) -> None:
    """Each is refused with a reason, or harmless (code None); none takes long."""
    start = time.monotonic()
    if code is None:
        assert read_circuit(text, DEVICE_QUBITS).num_qubits == 1
    else:
        with pytest.raises(JobProblemError) as caught:
            read_circuit(text, DEVICE_QUBITS)
        found, message, *_ = caught.value.args
        assert found == code, message
        assert words in message
        assert len(message) < 1000
        assert "root:" not in message
    assert time.monotonic() - start < PATIENCE_S


def test_comments_leave_the_lines_and_strings_as_they_are() -> None:
    text = without_comments(
        'x; // one $99\n/* two\nthree */ y; include "stdgates.inc"; // "z"\n', DEVICE_QUBITS
    )
    assert text.split() == ["x;", "y;", "include", '"stdgates.inc";']
    assert text.count("\n") == 3
    assert '"a // b"' in without_comments('"a // b" // c', DEVICE_QUBITS)
