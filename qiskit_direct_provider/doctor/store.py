"""The object store, from this side and as the service sees it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from qiskit_direct_provider import errors
from qiskit_direct_provider.clients._http import Answer, Request, Sender
from qiskit_direct_provider.clients.deadline import Deadline
from qiskit_direct_provider.clients.storage import ObjectStore
from qiskit_direct_provider.doctor.finding import Finding, failed, note, ok

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts import HttpOptions, S3Storage

__all__ = ["SERVICE_SIDE", "signed_url_finding", "store_findings"]

SERVICE_SIDE = "object store as the service sees it"
LIMIT_S = 15.0
_URL_LIFETIME_S = 300
_CONTENT = b"a check of qiskit-direct doctor; it may be deleted\n"
_ADVICE = {
    "NoSuchBucket": "create the bucket, or correct its name",
    "SignatureDoesNotMatch": "check the secret access key (and the region)",
    "InvalidAccessKeyId": "check the access key id",
    "AccessDenied": "the key needs the right to put, get and delete objects in this bucket",
    "RequestTimeTooSkewed": "set this machine's clock",
}


def store_findings(storage: S3Storage, options: HttpOptions) -> Iterator[Finding]:
    """Put, get and delete one small object."""
    store, name = ObjectStore(storage, options), f"doctor_{uuid.uuid4()}.txt"
    deadline = Deadline.after(LIMIT_S)
    try:
        store.put(name, _CONTENT, deadline)
        yield ok("object store: put", f"bucket {storage.bucket} takes objects")
        if store.get(name, deadline) == _CONTENT:
            yield ok("object store: get", "what was put is there")
            yield signed_url_finding(storage, store.url("GET", name, _URL_LIFETIME_S), options)
        else:
            yield failed("object store: get", "what was put is not there", "is the store a consistent one?")
        store.delete(name, deadline)
    except errors.StorageError as error:
        known = _ADVICE.get(error.code or "", "check endpoint, bucket and keys of the object store")
        code = f" [{error.code}]" if error.code else ""
        text = f"bucket {storage.bucket} at {storage.endpoint} refuses{code}" if error.status else str(error)
        yield failed("object store: put and get", text, known)
    finally:
        store.close()


def signed_url_finding(storage: S3Storage, url: str, options: HttpOptions) -> Finding:
    """Get the object as the service does: with a signed URL, at the address under which it sees the store.

    That address may be reachable for the service alone, so that failing from here proves nothing.
    """
    parts = urlsplit(url)
    sender = Sender(f"{parts.scheme}://{parts.netloc}", options, headers={"Accept": "*/*"})
    where = storage.endpoint_for_service or storage.endpoint
    try:
        request = Request("GET", f"{parts.path}?{parts.query}", repeatable=False)
        body = sender.send(request, Deadline.after(LIMIT_S), _body)
    except errors.TransportError:
        advice = "right if only the service can reach it; --probe asks the service"
        return note(SERVICE_SIDE, f"{where} cannot be reached from this machine", advice)
    except errors.DirectError as error:
        advice = "is endpoint_for_service another address of the same store?"
        return failed(SERVICE_SIDE, f"{where} refuses a signed URL (HTTP {error.status})", advice)
    finally:
        sender.close()
    if body != _CONTENT:
        return failed(SERVICE_SIDE, f"{where} has another object", "is it the same store?")
    return ok(SERVICE_SIDE, f"{where} takes signed URLs")


def _body(answer: Answer) -> bytes:
    return answer.body
