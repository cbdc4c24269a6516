"""An account that is right, and an authority for servers that speak TLS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from qiskit_direct_provider.doctor import Finding, State, examine

if TYPE_CHECKING:
    from findings import Check

    from qiskit_direct_provider import S3Storage
    from qiskit_direct_provider.service.process import LocalService


@pytest.fixture
def check(service: LocalService, own_storage: S3Storage) -> Check:
    """All findings about a set-up that is right but for what is said. No secret is in any of them."""
    secrets = [service.api_key, own_storage.secret_access_key.reveal(), own_storage.access_key_id.reveal()]

    def run(*, probe: bool = False, **changes: Any) -> list[Finding]:
        right = {
            "token": service.api_key,
            "url": service.url,
            "iam_url": service.url,
            "instance": service.crn,
            "storage": own_storage,
        }
        found = list(examine({**right, **changes}, probe=probe))
        for finding in found:
            assert not any(secret in repr(finding) for secret in (*secrets, "wrong-secret"))
            assert finding.advice or finding.state not in {State.FAILED, State.NOTE}
        return found

    return run


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)
