"""Whose certificates are trusted."""

from __future__ import annotations

import ssl
from pathlib import Path

import certifi
from urllib3.util.ssl_ import create_urllib3_context

__all__ = ["trusted"]


def trusted(verify: bool | str) -> ssl.SSLContext | None:  # noqa: FBT001 - requests' spelling
    """Trust in a bundle beside the public authorities; None without a bundle.

    A system of one's own may have a private certificate, and yet ask IBM Cloud for tokens.
    """
    if isinstance(verify, bool):
        return None
    context = create_urllib3_context()
    context.load_verify_locations(cafile=certifi.where())
    is_folder = Path(verify).is_dir()
    context.load_verify_locations(**{"capath" if is_folder else "cafile": verify})
    return context
