"""Why a request got no answer, in words that say what to do."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import requests.exceptions
import urllib3.exceptions

__all__ = ["never_left", "reason"]

_LATE = "no answer within the time limit"
# The address of the service was checked before, so that it is the proxy's that cannot be used.
_UNUSABLE: tuple[tuple[type[Exception], str], ...] = (
    (requests.exceptions.InvalidSchema, "a SOCKS proxy needs pip install PySocks; see proxies="),
    (requests.exceptions.InvalidURL, "the address of the proxy cannot be used; see proxies= and HTTPS_PROXY"),
)
_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (requests.exceptions.ProxyError, "the proxy did not let it through; see proxies="),
    (
        requests.exceptions.ConnectTimeout,
        "no connection within the time limit; is the host reachable from here?",
    ),
    (requests.exceptions.Timeout, _LATE),
    (urllib3.exceptions.TimeoutError, _LATE),
)
_NO_CONNECTION = (
    requests.exceptions.ConnectTimeout,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    ssl.SSLCertVerificationError,
)
# OpenSSL's X509_V_ERR_... numbers: https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/
_CERTIFICATE_ADVICE = {
    9: "it is not valid yet; is this machine's clock right?",
    10: "it has expired; the operators have to renew it (or is this machine's clock wrong?)",
    62: "it is for another host; use the name that it was issued for in the url",
    64: "it is for another address; use the name that it was issued for in the url",
}
_PRIVATE_CA = "for a private CA or a self-signed certificate pass verify='/path/to/ca.pem'"


def reason(error: Exception, advice: str, *, late: bool) -> tuple[str, bool]:
    """What went wrong, and whether another try may go better.

    Args:
        error: What the libraries below raised.
        advice: What to look at when the connection broke.
        late: The deadline is over, so that an odd failure is one of our own making.
    """
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            said = cause.verify_message or "certificate verify failed"
            hint = _CERTIFICATE_ADVICE.get(cause.verify_code, _PRIVATE_CA)
            return f"the certificate was not accepted ({said}): {hint}", False
    for kinds, retryable in ((_UNUSABLE, False), (_KINDS, True)):
        for kind, text in kinds:
            if isinstance(error, kind):
                return text, retryable
    if late:
        return _LATE, True
    if isinstance(error, requests.exceptions.SSLError):
        broken = any(isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError) for cause in _chain(error))
        return "no TLS connection could be made; does the url say https where the server does?", broken
    return f"no connection, or it broke; {advice}", not isinstance(error, ValueError)


def never_left(error: Exception) -> bool:
    """Whether no connection came to be, so that the server cannot have seen the request.

    >>> never_left(requests.exceptions.ConnectTimeout()), never_left(requests.exceptions.ReadTimeout())
    (True, False)
    """
    return any(isinstance(cause, _NO_CONNECTION) for cause in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception, and those wrapped in it: the libraries put them into arguments and attributes."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        found = waiting.pop()
        if not isinstance(found, BaseException) or found in seen:
            continue
        seen.append(found)
        yield found
        waiting += [*found.args, getattr(found, "reason", None), found.__cause__, found.__context__]
