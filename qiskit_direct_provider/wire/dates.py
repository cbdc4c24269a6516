"""Dates as servers write them."""

from __future__ import annotations

import re
from datetime import datetime, timezone

__all__ = ["moment"]

_FRACTION = re.compile(r"\.(\d+)")
_EARLIEST, _LATEST = 1900, 9000  # what lies outside cannot be moved between time zones


def moment(text: object) -> datetime | None:
    """An ISO 8601 date, with or without time, zone and any number of fractional digits; None when unreadable.

    Without a zone it is UTC.

    >>> moment("2024-11-04T20:47:34.46209Z")
    datetime.datetime(2024, 11, 4, 20, 47, 34, 462090, tzinfo=datetime.timezone.utc)
    >>> moment("yesterday") is None
    True
    """
    if not isinstance(text, str):
        return None
    padded = _FRACTION.sub(lambda match: "." + match[1][:6].ljust(6, "0"), text.strip(), count=1)
    try:
        found = datetime.fromisoformat(re.sub("[zZ]$", "+00:00", padded))
    except ValueError:
        return None
    if not _EARLIEST < found.year < _LATEST:
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
