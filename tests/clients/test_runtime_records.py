"""Jobs as the Runtime API described them at one time or another."""

from __future__ import annotations

import msgspec
import pytest

from qiskit_direct_provider.clients.runtime_records import job_record
from qiskit_direct_provider.wire.runtime import RuntimeJob

TOO_LONG = "Cancelled - Ran too long"


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"status": TOO_LONG}, "Ran too long"),
        ({"status": TOO_LONG, "state": {"status": "Cancelled", "reason": ""}}, "Ran too long"),
        (
            {"status": TOO_LONG, "state": {"status": "Cancelled", "reason_code": 1305}},
            "Ran too long [code 1305]",
        ),
        (
            {"status": TOO_LONG, "state": {"reason": "Job ran longer than 5 s", "reasonCode": 1305}},
            "Job ran longer than 5 s [code 1305]",
        ),
        ({"status": "Failed", "state": {"reason": "", "reason_solution": ""}}, None),
        ({"status": "Failed", "state": {"reason_solution": "wait"}}, "the server gave no reason (wait)"),
        ({"status": "Failed"}, None),
    ],
)
def test_why_a_job_ended(members: dict[str, object], reason: str | None) -> None:
    document = msgspec.json.decode(msgspec.json.encode({"id": "j", **members}), type=RuntimeJob)
    found = job_record(document).reason
    assert (None if found is None else str(found)) == reason
