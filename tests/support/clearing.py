"""Lanes of a shared service given back, so that what one file leaves does not reach the next."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import requests
from connecting import provider_for
from qiskit.providers.jobstatus import JOB_FINAL_STATES

if TYPE_CHECKING:
    from qiskit_direct_provider.service.process import LocalService

__all__ = ["clear", "clear_legacy"]

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


def clear_legacy(service: LocalService) -> None:
    """The same for the legacy platform, which has one tenant, and where jobs that have ended stay."""
    with provider_for(service, None, channel="legacy", instance=None) as provider:
        client, until = provider._client, time.monotonic() + WAIT_S
        while found := client.jobs(client.deadline()):
            assert time.monotonic() < until, found
            for job in found:
                if job.status in JOB_FINAL_STATES:
                    client.delete(job.job_id, client.deadline())
                else:
                    client.cancel(job.job_id, client.deadline())
            time.sleep(0.02)


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
