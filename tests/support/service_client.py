"""A bare client of the service for these tests: requests and boto3, nothing of this package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

GRANT_TYPE = "urn:ibm:params:oauth:grant-type:apikey"
FINAL = {"Completed", "Cancelled", "Failed"}
HEADER = 'OPENQASM 3.0; include "stdgates.inc"; '
HADAMARD = "rz(pi/2) ${0}; sx ${0}; rz(pi/2) ${0}; "
MEASURE = "meas[0] = measure $0; meas[1] = measure $1;"
BELL = HEADER + "bit[2] meas; " + HADAMARD.format(0) + "cx $0, $1; " + MEASURE
"""For devices with cx, such as fake_nairobi."""
BELL_CZ = (
    HEADER
    + "bit[2] meas; "
    + HADAMARD.format(0)
    + HADAMARD.format(1)
    + "cz $0, $1; "
    + HADAMARD.format(1)
    + MEASURE
)
"""For devices with cz, such as fake_torino."""


def busy_program() -> str:
    """A circuit whose simulation with many shots takes minutes, though its device time is short."""
    layers = "".join(
        "".join(f"sx ${qubit}; rz(0.3) ${qubit}; sx ${qubit}; " for qubit in range(15))
        + "".join(f"cz ${qubit}, ${qubit + 1}; " for qubit in range(14))
        for _ in range(5)
    )
    return HEADER + "bit[15] meas; " + layers + "".join(f"meas[{q}] = measure ${q}; " for q in range(15))


class Service:
    """A service process of these tests' own, started through its documented entry."""

    def __init__(self, environment: dict[str, str] | None = None, **settings: Any) -> None:
        # A file: a pipe that nobody reads would fill up, and stall the service.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the service
        command = [sys.executable, "-m", "qiskit_direct_provider.service"]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment or os.environ.copy(),
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"port": 0, "workers": 2} | settings).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, self.errors()
        self.endpoint: dict[str, Any] = json.loads(line)
        self.url: str = self.endpoint["url"]

    def stop(self) -> int:
        """Let its standard input end, and wait for its exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.wait()

    def wait(self) -> int:
        """Wait for its exit code."""
        code = self.process.wait(timeout=20)
        for pipe in (self.process.stdin, self.process.stdout, self._errors):
            assert pipe is not None
            pipe.close()
        return code

    def errors(self) -> str:
        """What it wrote to standard error."""
        self._errors.seek(0)
        return self._errors.read().decode()


class Client:
    """One tenant of a service."""

    def __init__(self, service: Service, crn: str | None = None) -> None:
        self.service = service
        self.url = service.url
        self.crn = service.endpoint["crn"] if crn is None else crn
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update({"Authorization": f"Bearer {self.token()}", "Service-CRN": self.crn})
        self.bucket: str = service.endpoint["s3"]["bucket"]
        self.store = s3_client(service.endpoint["s3"])

    def close(self) -> None:
        """Cancel and delete whatever is left."""
        for job in self.get("/v1/jobs").json()["jobs"]:
            if job["status"] == "Running":
                self.post(f"/v1/jobs/{job['id']}/cancel")
                self.wait(job["id"])
            self.delete(f"/v1/jobs/{job['id']}")
        self.session.close()
        self.store.close()

    def token(self) -> str:
        """A fresh bearer token."""
        form = {"grant_type": GRANT_TYPE, "apikey": self.service.endpoint["api_key"]}
        answer = requests.post(self.url + "/identity/token", data=form, timeout=10)
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token

    def get(self, path: str, **options: Any) -> requests.Response:
        """GET."""
        return self.session.get(self.url + path, timeout=30, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        """POST."""
        return self.session.post(self.url + path, timeout=30, **options)

    def delete(self, path: str) -> requests.Response:
        """DELETE."""
        return self.session.delete(self.url + path, timeout=30)

    def presign(self, operation: str, key: str, expires_s: int = 86_400, bucket: str | None = None) -> str:
        """A presigned URL of the service's own store."""
        parameters = {"Bucket": bucket or self.bucket, "Key": key}
        url: str = self.store.generate_presigned_url(operation, Params=parameters, ExpiresIn=expires_s)
        return url

    def request(self, document: object, **changes: Any) -> dict[str, Any]:
        """The body of a job whose input is in the store; ``changes`` replace members of the body."""
        job_id = str(uuid.uuid4())
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.store.put_object(Bucket=self.bucket, Key=f"input_{job_id}", Body=content)
        operations = {"input": "get_object", "results": "put_object", "logs": "put_object"}
        storage = {
            name: {"type": "s3_compatible", "presigned_url": self.presign(operation, f"{name}_{job_id}")}
            for name, operation in operations.items()
        }
        body = {
            "id": job_id,
            "backend": "fake_nairobi",
            "program_id": "sampler",
            "timeout_secs": 3600,
            "log_level": "info",
            "storage": storage,
        }
        return body | changes

    def submit(self, document: object, **changes: Any) -> str:
        """Start a job; returns its id."""
        body = self.request(document, **changes)
        answer = self.post("/v1/jobs", json=body)
        assert (answer.status_code, answer.content) == (204, b""), answer.text
        job_id: str = body["id"]
        return job_id

    def wait(self, job_id: str, limit_s: float = 30.0) -> dict[str, Any]:
        """The job once it is final."""
        deadline = time.monotonic() + limit_s
        while True:
            job: dict[str, Any] = self.get(f"/v1/jobs/{job_id}").json()
            if job["status"] in FINAL:
                return job
            assert time.monotonic() < deadline, f"{job_id} is still {job['status']}"
            time.sleep(0.02)

    def run(self, document: object, **changes: Any) -> dict[str, Any]:
        """Run a job to its end, and free its lane."""
        job = self.wait(self.submit(document, **changes))
        self.delete(f"/v1/jobs/{job['id']}")
        return job

    def results(self, job: dict[str, Any]) -> Any:
        """Its result document."""
        return json.loads(self.read(f"results_{job['id']}"))

    def log(self, job: dict[str, Any]) -> str:
        """Its log."""
        return self.read(f"logs_{job['id']}").decode()

    def read(self, key: str) -> bytes:
        """An object of the store."""
        content: bytes = self.store.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return content

    def sample(self, *pubs: object, **members: Any) -> Any:
        """Results of a sampler job, in plain form."""
        backend = members.pop("backend", "fake_nairobi")
        document = {"version": 2, "support_qiskit": False, "pubs": list(pubs)} | members
        job = self.run(document, backend=backend)
        assert job["status"] == "Completed", job
        return self.results(job)["results"]


def s3_client(store: dict[str, str], **options: Any) -> Any:
    """A boto3 client for a store, as the ready line describes it."""
    return boto3.client(
        "s3",
        endpoint_url=store["endpoint"],
        aws_access_key_id=store["access_key_id"],
        aws_secret_access_key=store["secret_access_key"],
        region_name=store["region"],
        config=Config(
            signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 1}, **options
        ),
    )


def error_of(answer: requests.Response) -> tuple[int, str]:
    """Status and code of a failure, after a look at the documented envelope."""
    body = answer.json()
    assert body["status_code"] == answer.status_code
    assert uuid.UUID(body["trace"]).version == 4
    assert len(body["correlation_id"]) == 20
    assert body["title"]
    (item,) = body["errors"]
    assert item["message"]
    assert item["more_info"].startswith("https://")
    return answer.status_code, item["code"]


def refusal(call: Callable[[], object]) -> tuple[int, str]:
    """Status and code of the error that a call of boto3's ends with."""
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]
