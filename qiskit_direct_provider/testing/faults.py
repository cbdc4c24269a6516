"""The kinds of faults that the proxy can cause."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["ALL_FAULTS", "Fault", "FaultSettings"]


class Fault(Enum):
    """What becomes of one request. The first half never reaches the server, the second half always does.

    The kinds cover toxiproxy's: latency is `LATENCY`; bandwidth and slicer are `SLOW_DRIP`; slow_close is
    ``close_delay_s`` of the kinds that close; timeout is `TIMEOUT_BEFORE`; reset_peer is `RESET_BEFORE`
    and `RESET_AFTER`; limit_data is `CUT_BODY`; down is `DOWN`, and `FaultProxy.down` for everybody.
    A proxy cannot make a name resolution fail; to its client that looks like `DOWN`.
    """

    PASS = "pass"  # noqa: S105 - not a password
    """No fault: the request and its answer pass, byte by byte."""

    # -- the server never sees these requests --------------------------------------------------------

    DOWN = "down"
    """The connection ends without a word, before the request is read to its end."""
    RESET_BEFORE = "reset before"
    """TCP reset after the request was read."""
    TIMEOUT_BEFORE = "timeout before"
    """Silence after the request was read, for ``silence_s`` or until the client gives up; then the end."""
    SERVER_ERROR = "server error"
    """HTTP 500, the API's error document (``server_error_status`` makes it 502, 503 or 504)."""
    UNAVAILABLE = "unavailable"
    """HTTP 503, a page of a gateway, with ``Retry-After: retry_after``."""
    RATE_LIMITED = "rate limited"
    """HTTP 429, the API's error document with code 1202, with ``Retry-After: retry_after``."""
    REQUEST_TIMEOUT = "request timeout"
    """HTTP 408, and the connection ends."""
    TOO_LARGE = "too large"
    """HTTP 413, a page of a gateway, and the connection ends."""
    UNAUTHORIZED = "unauthorized"
    """HTTP 401, the API's error document: the token was revoked."""
    REDIRECT = "redirect"
    """HTTP 302 to another origin, ``redirect_to``; a client that follows shows up in the log."""
    HTML_PAGE = "html page"
    """HTTP 200 with an HTML page, as of a login portal in between."""

    # -- the server has done what these requests asked for -------------------------------------------

    LATENCY = "latency"
    """The answer comes ``latency_s`` later."""
    SLOW_DRIP = "slow drip"
    """The answer comes in ``drip_pieces`` pieces, ``drip_pause_s`` apart."""
    CUT_BODY = "cut body"
    """Half of the body comes, then the connection ends."""
    RESET_AFTER = "reset after"
    """TCP reset instead of the answer."""
    TIMEOUT_AFTER = "timeout after"
    """Silence instead of the answer, for ``silence_s`` or until the client gives up; then the end."""
    HALF_HEADERS = "half headers"
    """The connection ends within the headers of the answer."""
    INTERIM = "interim"
    """``interim_answers`` times ``100 Continue``, ``interim_pause_s`` apart, then the answer."""
    GATEWAY_AFTER = "gateway after"
    """HTTP 502, a page of a gateway, instead of the answer."""
    UNKNOWN_ERROR = "unknown error"
    """HTTP 520, a page of a content delivery network, instead of the answer."""
    TRUNCATED_JSON = "truncated json"
    """The answer, with half of its body, and a length that says that this is all."""
    WRONG_SHAPE = "wrong shape"
    """The answer, with JSON of another shape as its body."""
    DUPLICATE_REPLY = "duplicate reply"
    """The answer twice; the second one has no request."""
    WRONG_ID = "wrong id"
    """The answer, with another job id wherever its JSON names one; a body without any gets one."""

    @property
    def reaches_upstream(self) -> bool:
        """Whether the server has processed the request by the time that the client sees the fault."""
        return self not in _BEFORE


_BEFORE = frozenset(
    {
        Fault.DOWN,
        Fault.RESET_BEFORE,
        Fault.TIMEOUT_BEFORE,
        Fault.SERVER_ERROR,
        Fault.UNAVAILABLE,
        Fault.RATE_LIMITED,
        Fault.REQUEST_TIMEOUT,
        Fault.TOO_LARGE,
        Fault.UNAUTHORIZED,
        Fault.REDIRECT,
        Fault.HTML_PAGE,
    }
)

ALL_FAULTS: tuple[Fault, ...] = tuple(fault for fault in Fault if fault is not Fault.PASS)
"""The 24 kinds, without `Fault.PASS`."""


@dataclass(frozen=True, kw_only=True)
class FaultSettings:
    """How the faults show themselves; short by default, so that thousands of requests are quickly done.

    Attributes:
        latency_s: Delay of `Fault.LATENCY`.
        silence_s: Longest silence of `Fault.TIMEOUT_BEFORE` and `Fault.TIMEOUT_AFTER`.
        close_delay_s: How long `Fault.DOWN`, `Fault.CUT_BODY` and `Fault.HALF_HEADERS` hold the
            connection open before it ends: a stall, when it is long.
        drip_pieces: Number of pieces of `Fault.SLOW_DRIP`; each has at least one byte.
        drip_pause_s: Pause after each piece.
        interim_answers: How many answers precede the real one in `Fault.INTERIM`.
        interim_pause_s: Pause after each of them.
        retry_after: ``Retry-After`` of `Fault.UNAVAILABLE` and `Fault.RATE_LIMITED`: seconds or a date,
            as text; None leaves it out.
        server_error_status: Status of `Fault.SERVER_ERROR`.
        redirect_to: Origin that `Fault.REDIRECT` names; None takes the proxy under another host name.
    """

    latency_s: float = 0.05
    silence_s: float = 0.2
    close_delay_s: float = 0.0
    drip_pieces: int = 20
    drip_pause_s: float = 0.003
    interim_answers: int = 1
    interim_pause_s: float = 0.0
    retry_after: str | None = "0"
    server_error_status: int = 500
    redirect_to: str | None = None
