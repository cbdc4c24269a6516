"""As little of a client as the API allows: one connection, whole jobs one after the other.

It costs a seventh of a real client's processor time, so that what is measured is the service. It uploads,
submits, asks every 20 ms, reads the result, deletes; it retries nothing and writes nothing down.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from qiskit_direct_provider.service.process import LocalService

__all__ = ["LightClient", "run_jobs"]

POLL_S = 0.02
URL_LIFETIME_S = 86_400
GRANT = "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey="


class LightClient:
    """One connection to a service."""

    def __init__(self, service: LocalService) -> None:
        address = urlsplit(service.url)
        self._connection = http.client.HTTPConnection(str(address.hostname), address.port)
        self._storage = service.storage
        self._headers = {"Service-CRN": service.crn}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        said = self._call("POST", "/identity/token", (GRANT + service.api_key).encode(), form)
        self._headers["Authorization"] = "Bearer " + json.loads(said)["access_token"]

    def run(self, backend_name: str, payload: bytes) -> bytes:
        """The result document of one job, which is then deleted."""
        job_id = str(uuid.uuid4())
        self._call("PUT", _target(self._url("PUT", f"input_{job_id}")), payload, {})
        body = {
            "id": job_id,
            "backend": backend_name,
            "program_id": "sampler",
            "timeout_secs": 600,
            "storage": {
                "input": self._option("GET", f"input_{job_id}"),
                "results": self._option("PUT", f"results_{job_id}"),
                "logs": self._option("PUT", f"logs_{job_id}"),
            },
        }
        self._call("POST", "/v1/jobs", json.dumps(body).encode())
        while (job := json.loads(self._call("GET", f"/v1/jobs/{job_id}")))["status"] == "Running":
            time.sleep(POLL_S)
        done = job["status"] == "Completed"
        result = self._call("GET", _target(self._url("GET", f"results_{job_id}")), None, {}) if done else b""
        self._call("DELETE", f"/v1/jobs/{job_id}")
        if not done:
            raise RuntimeError(job["reason_message"])
        return result

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _option(self, method: str, key: str) -> dict[str, str]:
        return {"type": "s3_compatible", "presigned_url": self._url(method, key)}

    def _url(self, method: str, key: str) -> str:
        storage = self._storage
        request = AWSRequest(method=method, url=f"{storage['endpoint']}/{storage['bucket']}/{key}")
        credentials = Credentials(storage["access_key_id"], storage["secret_access_key"])
        S3SigV4QueryAuth(credentials, "s3", storage["region"], expires=URL_LIFETIME_S).add_auth(request)
        return str(request.url)

    def _call(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> bytes:
        self._connection.request(method, path, body, self._headers if headers is None else headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= http.client.BAD_REQUEST:
            raise RuntimeError(f"{method} {path.partition('?')[0]}: HTTP {answer.status} {content!r}")
        return content


def run_jobs(service: LocalService, backend_name: str, payload: bytes, jobs: int, lanes: int) -> float:
    """Seconds for that many jobs over one connection a lane."""
    left = iter(range(jobs))
    failures: list[BaseException] = []

    def work() -> None:
        client = LightClient(service)
        try:
            for _ in left:
                client.run(backend_name, payload)
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)
        finally:
            client.close()

    threads = [threading.Thread(target=work) for _ in range(lanes)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    if failures:
        raise failures[0]
    return seconds


def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"
