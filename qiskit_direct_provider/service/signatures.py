"""AWS Signature Version 4, as an object store checks it.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
"""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Credentials", "SignatureRefusedError", "SignedRequest", "Signer", "verify"]

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()

_ALGORITHM = "AWS4-HMAC-SHA256"
_LONGEST_EXPIRY_S = 604_800
_CLOCK_SKEW_S = 15 * 60


class SignatureRefusedError(Exception):
    """The request is not allowed; ``code`` and ``status`` are those of S3."""

    def __init__(self, code: str, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass(frozen=True)
class Credentials:
    """The key pair of the store."""

    access_key: str
    secret_key: str


@dataclass(frozen=True)
class SignedRequest:
    """What a signature covers.

    ``path`` and ``query`` are as they came, percent-encoded; header names are lower case.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Signer:
    """A signature's scope and key, for the chunks of a body that are signed one by one."""

    timestamp: str
    scope: str
    key: bytes
    signature: str

    def chunk_signature(self, previous: str, digest: str) -> str:
        """Signature of one chunk, given that of the one before."""
        lines = ("AWS4-HMAC-SHA256-PAYLOAD", self.timestamp, self.scope, previous, EMPTY_SHA256, digest)
        return _hex_hmac(self.key, "\n".join(lines))


@dataclass(frozen=True)
class _Claim:
    """What the request says about its own signature."""

    credential: str
    timestamp: str
    signed_headers: tuple[str, ...]
    signature: str
    payload: str


def verify(request: SignedRequest, credentials: Credentials, now: float | None = None) -> Signer:
    """Check a presigned URL or an Authorization header.

    Raises:
        SignatureRefusedError: No signature, a wrong one, or one that is no longer (or not yet) valid.
    """
    moment = time.time() if now is None else now
    parameters = _parse_query(request.query)
    claim = _read_claim(request, dict(parameters), moment)
    access_key, _, scope = claim.credential.partition("/")
    if not hmac.compare_digest(access_key.encode(), credentials.access_key.encode()):
        raise SignatureRefusedError("InvalidAccessKeyId", "The access key is not known here.")
    key = _signing_key(credentials.secret_key, scope, claim.timestamp)
    canonical = _canonical_request(request, parameters, claim)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    expected = _hex_hmac(key, f"{_ALGORITHM}\n{claim.timestamp}\n{scope}\n{digest}")
    if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
        message = "The signature that was calculated for the request is not the one that was sent."
        raise SignatureRefusedError("SignatureDoesNotMatch", message)
    return Signer(claim.timestamp, scope, key, claim.signature)


def _read_claim(request: SignedRequest, parameters: Mapping[str, str], moment: float) -> _Claim:
    if "X-Amz-Signature" in parameters:
        return _presigned_claim(parameters, moment)
    authorization = request.headers.get("authorization", "")
    if authorization.startswith(_ALGORITHM):
        return _header_claim(request.headers, authorization, moment)
    if authorization.startswith("AWS ") or "AWSAccessKeyId" in parameters:
        message = "This authorization mechanism is not supported. Please use AWS4-HMAC-SHA256."
        raise SignatureRefusedError("InvalidRequest", message, 400)
    raise SignatureRefusedError("AccessDenied", "Access denied: the request is not signed.")


def _presigned_claim(parameters: Mapping[str, str], moment: float) -> _Claim:
    try:
        claim = _Claim(
            parameters["X-Amz-Credential"],
            parameters["X-Amz-Date"],
            tuple(parameters["X-Amz-SignedHeaders"].split(";")),
            parameters["X-Amz-Signature"],
            UNSIGNED_PAYLOAD,
        )
        expires_s = int(parameters["X-Amz-Expires"])
        algorithm = parameters["X-Amz-Algorithm"]
    except (KeyError, ValueError) as error:
        raise _malformed_query() from error
    if algorithm != _ALGORITHM or not 1 <= expires_s <= _LONGEST_EXPIRY_S:
        raise _malformed_query()
    age_s = moment - _unix_time(claim.timestamp)
    if age_s > expires_s:
        raise SignatureRefusedError("AccessDenied", "Request has expired.")
    if age_s < -_CLOCK_SKEW_S:
        raise SignatureRefusedError("AccessDenied", "Request is not valid yet.")
    return claim


def _header_claim(headers: Mapping[str, str], authorization: str, moment: float) -> _Claim:
    members = dict(part.strip().partition("=")[::2] for part in authorization[len(_ALGORITHM) :].split(","))
    try:
        claim = _Claim(
            members["Credential"],
            headers["x-amz-date"],
            tuple(members["SignedHeaders"].split(";")),
            members["Signature"],
            headers["x-amz-content-sha256"],
        )
    except KeyError as error:
        message = f"The Authorization header or its companions lack {error.args[0]}."
        raise SignatureRefusedError("AuthorizationHeaderMalformed", message, 400) from error
    if abs(moment - _unix_time(claim.timestamp)) > _CLOCK_SKEW_S:
        message = "The difference between the request time and the current time is too large."
        raise SignatureRefusedError("RequestTimeTooSkewed", message)
    return claim


def _canonical_request(request: SignedRequest, parameters: list[tuple[str, str]], claim: _Claim) -> str:
    query = sorted((_encode(name), _encode(value)) for name, value in parameters if name != "X-Amz-Signature")
    if "host" not in claim.signed_headers:
        raise SignatureRefusedError("AccessDenied", "The host header has to be signed.")
    headers = [f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in claim.signed_headers]
    return "\n".join(
        (
            request.method,
            quote(unquote(request.path), safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in query),
            "".join(headers),
            ";".join(claim.signed_headers),
            claim.payload,
        )
    )


def _parse_query(query: str) -> list[tuple[str, str]]:
    """Names and values of a query, without reading ``+`` as a blank: signed queries never mean that."""
    pairs = (part.partition("=")[::2] for part in query.split("&") if part)
    return [(unquote(name), unquote(value)) for name, value in pairs]


def _signing_key(secret_key: str, scope: str, timestamp: str) -> bytes:
    parts = scope.split("/")
    if len(parts) != 4 or parts[2:] != ["s3", "aws4_request"] or parts[0] != timestamp[:8]:  # noqa: PLR2004 - date, region, service, terminator
        raise SignatureRefusedError("AuthorizationHeaderMalformed", "The credential scope is malformed.", 400)
    key = f"AWS4{secret_key}".encode()
    for part in parts:
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _unix_time(timestamp: str) -> float:
    try:
        return datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp()
    except ValueError as error:
        raise SignatureRefusedError("AccessDenied", "X-Amz-Date is malformed.") from error


def _malformed_query() -> SignatureRefusedError:
    message = "The signature's query parameters are incomplete or out of range."
    return SignatureRefusedError("AuthorizationQueryParametersError", message, 400)


def _encode(text: str) -> str:
    return quote(text, safe="-_.~")


def _hex_hmac(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()
