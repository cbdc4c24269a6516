"""Lanes of a shared service given back, so that what one file leaves does not reach the next."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from qiskit_direct_provider.service.process import LocalService

__all__ = ["clear"]

GRANT_TYPE = "urn:ibm:params:oauth:grant-type:apikey"
WAIT_S = 60


def clear(service: LocalService, *tenants: str) -> None:
    """Cancel and delete all jobs of these tenants (of the service's own one if none is given)."""
    with requests.Session() as session:
        session.trust_env = False
        form = {"grant_type": GRANT_TYPE, "apikey": service.api_key}
        token = session.post(f"{service.url}/identity/token", data=form, timeout=WAIT_S).json()[
            "access_token"
        ]
        for tenant in tenants or (service.crn,):
            session.headers.update({"Authorization": f"Bearer {token}", "Service-CRN": tenant})
            _clear_tenant(session, f"{service.url}/v1/jobs")


def _clear_tenant(session: requests.Session, jobs: str) -> None:
    until = time.monotonic() + WAIT_S
    while held := session.get(jobs, timeout=WAIT_S).json()["jobs"]:
        assert time.monotonic() < until, held
        for job in held:
            if job["status"] == "Running":
                session.post(f"{jobs}/{job['id']}/cancel", timeout=WAIT_S)
            else:
                session.delete(f"{jobs}/{job['id']}", timeout=WAIT_S)
        time.sleep(0.02)
