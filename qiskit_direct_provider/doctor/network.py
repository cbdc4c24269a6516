"""One host, step by step: name, connection, proxy, clock, certificate; no secret is sent to it."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from qiskit_direct_provider.doctor.finding import Finding, failed, note, ok
from qiskit_direct_provider.doctor.route import Route, tls_context

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts import HttpOptions

__all__ = ["host_findings"]

LIMIT_S = 5.0
CLOCK_NOTE_S, CLOCK_LIMIT_S = 30.0, 300.0
_SOON_S = 14 * 86_400.0
_PROXY_LOGIN = 407
_TUNNEL = re.compile(r"Tunnel connection failed: (\d+)")
_NOT_YET, _EXPIRED, _OTHER_HOSTS = 9, 10, {62, 64}


@dataclass(frozen=True)
class _Answer:
    """What a host said: when it thinks it is, in seconds since 1970, and until when its certificate holds."""

    clock: float | None
    valid_until: float | None
    proxy_refusal: bool = False


def host_findings(role: str, url: str, options: HttpOptions) -> Iterator[Finding]:
    """Findings about one host; the first one that failed is the last one."""
    try:
        route = Route.of(url, options)
    except ValueError:
        advice = "write it as http://proxy:3128, in proxies=, --proxy or HTTPS_PROXY"
        yield failed(f"{role}: proxy", "the proxy's address cannot be read", advice)
        return
    steps = (_resolved, _connected, _spoken)
    for step in steps:
        for finding in step(role, route, options):
            yield finding
            if finding.state.value == "failed":
                return


def _resolved(role: str, route: Route, _: HttpOptions) -> Iterator[Finding]:
    host, port = route.next_hop
    what = f"the proxy {host}" if route.proxy else host
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is not a host name"
        advice = (
            "check the proxy's address" if route.proxy else "check the address, and this machine's DNS or VPN"
        )
        yield failed(f"{role}: name", f"{what} is not known: {why}", advice)
        return
    yield ok(f"{role}: name", f"{what} is {found[0][4][0]}")


def _connected(role: str, route: Route, _: HttpOptions) -> Iterator[Finding]:
    host, port = route.next_hop
    what = f"the proxy {host}:{port}" if route.proxy else route.name
    try:
        socket.create_connection((host, port), timeout=LIMIT_S).close()
    except OSError as error:
        why = "no answer" if isinstance(error, TimeoutError) else (error.strerror or str(error))
        advice = "check host and port, and whether a firewall is in between; is the server up?"
        yield failed(f"{role}: connection", f"{what}: {why}", advice)
        return
    yield ok(f"{role}: connection", what)


def _spoken(role: str, route: Route, options: HttpOptions) -> Iterator[Finding]:
    """Proxy, clock and certificate."""
    if route.proxy and route.proxy_scheme != "http":
        yield note(
            f"{role}: proxy",
            f"it speaks {route.proxy_scheme}, and was not looked through",
            "see whether the login below works",
        )
        return
    try:
        answer = _asked(route, options)
    except ssl.SSLCertVerificationError as error:
        with contextlib.suppress(OSError, http.client.HTTPException):
            yield from _clock(role, _asked(route, options, check=False).clock)
        yield _refused_certificate(role, route, error)
        return
    except ssl.SSLError as error:
        advice = (
            "does the address say https where the server speaks http, or does it want a client certificate?"
        )
        yield failed(f"{role}: certificate", f"{route.name}: no TLS ({error.reason or error})", advice)
        return
    except (OSError, http.client.HTTPException) as error:
        yield _no_answer(role, route, error)
        return
    if answer.proxy_refusal:
        yield _proxy_login(role, route)
        return
    if route.proxy:
        yield ok(f"{role}: proxy", f"{route.proxy[0]}:{route.proxy[1]} lets it through")
    yield from _clock(role, answer.clock)
    yield from _certificate(role, route, options, answer.valid_until)


def _asked(route: Route, options: HttpOptions, *, check: bool = True) -> _Answer:
    """Ask for ``/``; whatever comes back will do."""
    login = {"Proxy-Authorization": route.login.reveal()} if route.login else {}
    tunnel = route.proxy is not None and route.scheme == "https"
    connection = http.client.HTTPConnection(*route.next_hop, timeout=LIMIT_S)
    with contextlib.closing(connection):
        if tunnel:
            connection.set_tunnel(route.host, route.port, login)
        connection.connect()
        until = None
        if route.scheme == "https":
            wrapped = tls_context(options, check=check).wrap_socket(
                connection.sock, server_hostname=route.host
            )
            connection.sock = wrapped
            told = wrapped.getpeercert()
            until = ssl.cert_time_to_seconds(str(told["notAfter"])) if told else None
        path = f"http://{route.name}/" if route.proxy and not tunnel else "/"
        connection.request("GET", path, headers={} if tunnel else login)
        response = connection.getresponse()
        date = response.getheader("Date")
        clock = None
        with contextlib.suppress(TypeError, ValueError):
            clock = parsedate_to_datetime(date or "").timestamp()
        return _Answer(clock, until, proxy_refusal=response.status == _PROXY_LOGIN)


def _no_answer(role: str, route: Route, error: Exception) -> Finding:
    refused = _TUNNEL.search(str(error))
    if refused and int(refused[1]) == _PROXY_LOGIN:
        return _proxy_login(role, route)
    if refused:
        advice = "ask its operators to let this host through, or name it in NO_PROXY"
        return failed(f"{role}: proxy", f"the proxy refused {route.name} (HTTP {refused[1]})", advice)
    why = "no answer" if isinstance(error, TimeoutError) else "it does not speak HTTP, or hung up"
    return failed(f"{role}: connection", f"{route.name}: {why}", "check the address, its scheme and its port")


def _proxy_login(role: str, route: Route) -> Finding:
    assert route.proxy is not None
    wrong = "does not accept the login" if route.login else "asks for a login"
    return failed(
        f"{role}: proxy",
        f"the proxy {route.proxy[0]}:{route.proxy[1]} {wrong} (HTTP 407)",
        "write user and password into the proxy's address: http://user:password@proxy:3128",
    )


def _clock(role: str, theirs: float | None) -> Iterator[Finding]:
    if theirs is None:
        return
    apart = time.time() - theirs
    text = f"this machine's clock is {abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} the host's"
    if abs(apart) > CLOCK_LIMIT_S:
        yield failed(
            f"{role}: clock", text, "set this machine's clock (NTP): tokens and signatures depend on it"
        )
    elif abs(apart) > CLOCK_NOTE_S:
        yield note(f"{role}: clock", text, "let NTP set this machine's clock")
    else:
        yield ok(f"{role}: clock", "agrees with the host's")


def _refused_certificate(role: str, route: Route, error: ssl.SSLCertVerificationError) -> Finding:
    if error.verify_code == _EXPIRED:
        text, advice = "it has expired", "the operators of the host have to renew it"
    elif error.verify_code == _NOT_YET:
        text, advice = "it is not valid yet", "check this machine's clock, or ask the operators of the host"
    elif error.verify_code in _OTHER_HOSTS:
        text, advice = "it is for another host", "use the name that it was issued for"
    else:
        text = f"its authority is not known ({error.verify_message})"
        advice = "name the CA bundle: verify= or accounts save --ca-bundle, or QISKIT_DIRECT_CA_BUNDLE"
    return failed(f"{role}: certificate", f"{route.name}: {text}", advice)


def _certificate(role: str, route: Route, options: HttpOptions, until: float | None) -> Iterator[Finding]:
    check = f"{role}: certificate"
    if route.scheme == "http":
        if route.host not in {"localhost", "127.0.0.1", "::1"}:
            yield note(check, f"{route.name} is plain http: keys can be read on the way", "use https")
    elif options.verify is False:
        yield note(check, "is not checked", "take verify=False back, and name the CA bundle")
    else:
        assert until is not None  # of a certificate that was checked, the dates are known
        left = until - time.time()
        text = f"valid until {time.strftime('%Y-%m-%d', time.gmtime(until))}"
        if left < _SOON_S:
            yield note(check, text, "the operators of the host should renew it soon")
        else:
            yield ok(check, text)
