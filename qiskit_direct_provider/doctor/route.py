"""The way to a host: through a proxy or not, and whose certificates are trusted there."""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from qiskit_direct_provider.accounts import HttpOptions, Secret

__all__ = ["Route", "tls_context"]

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Route:
    """How a host is reached.

    Attributes:
        proxy: Host and port of the proxy; None without one.
        login: Value of the ``Proxy-Authorization`` header.
        proxy_scheme: What the proxy speaks.
    """

    scheme: str
    host: str
    port: int
    proxy: tuple[str, int] | None = None
    login: Secret | None = None
    proxy_scheme: str = "http"

    @classmethod
    def of(cls, url: str, options: HttpOptions) -> Route:
        """The way that requests to this address take.

        Raises:
            ValueError: The proxy's address is none.
        """
        from requests.utils import get_environ_proxies, select_proxy

        from qiskit_direct_provider.accounts import Secret

        parts = urlsplit(url)
        found = cls(parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme])
        known = (
            get_environ_proxies(url)
            if options.proxies is None
            else {scheme: secret.reveal() for scheme, secret in options.proxies.items()}
        )
        through = select_proxy(url, known)
        if not through:
            return found
        proxy = urlsplit(through if "://" in through else f"http://{through}")
        login = None
        if proxy.username:
            words = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
            login = Secret(f"Basic {base64.b64encode(words.encode()).decode()}")
        where = (proxy.hostname or "", proxy.port or _PORTS.get(proxy.scheme, 1080))
        return cls(found.scheme, found.host, found.port, where, login, proxy.scheme)

    @property
    def next_hop(self) -> tuple[str, int]:
        """Where the connection of this machine leads."""
        return self.proxy or (self.host, self.port)

    @property
    def name(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


def tls_context(options: HttpOptions, *, check: bool = True) -> ssl.SSLContext:
    """Trust as requests of the account have it; ``check=False`` is for asking the time."""
    from qiskit_direct_provider.clients.trust import trusted

    context = trusted(options.verify)
    if context is None:
        import certifi
        from urllib3.util.ssl_ import create_urllib3_context

        context = create_urllib3_context()
        context.load_verify_locations(cafile=certifi.where())
    if not check or options.verify is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.verify_mode = ssl.CERT_REQUIRED
        context.check_hostname = True
    if options.cert is not None:
        pair = (options.cert,) if isinstance(options.cert, str) else options.cert
        context.load_cert_chain(*pair)
    return context
