"""Addresses of proxies that cannot be used: the error speaks of the proxy, and repeats no password."""

from __future__ import annotations

import importlib.util

import pytest

from qiskit_direct_provider import DirectProvider, errors

SOCKS = pytest.mark.skipif(importlib.util.find_spec("socks") is not None, reason="PySocks is installed")


@pytest.mark.parametrize(
    ("proxy", "text"),
    [
        pytest.param("socks5://u:secret@127.0.0.1:9", "a SOCKS proxy needs pip install PySocks", marks=SOCKS),
        ("http://", "the address of the proxy cannot be used"),
        ("https://u:secret@127.0.0.1:notaport", "the address of the proxy cannot be used"),
    ],
)
def test_a_proxy_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, proxy: str, text: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    provider = DirectProvider("key", "https://127.0.0.2:9", iam_url="https://127.0.0.2:9", timeout=20)
    with pytest.raises(errors.TransportError, match=text) as caught:
        provider.backends()
    assert "secret" not in str(caught.value)
    assert caught.value.unsent
    assert not caught.value.retryable
    provider.close()
