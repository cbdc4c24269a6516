"""A server's list of jobs, page by page."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from qiskit_direct_provider.wire.runtime import PAGE_SIZE

if TYPE_CHECKING:
    from qiskit_direct_provider.clients.interface import JobRecord, Wanted

__all__ = ["paged", "query_of"]

logger = logging.getLogger(__name__)

_RESOLUTIONS = (timedelta(microseconds=1), timedelta(milliseconds=1), timedelta(seconds=1))


def paged(fetch: Callable[[Wanted, int], list[JobRecord]], wanted: Wanted) -> Iterator[JobRecord]:
    """Each job once, in the order that is asked for.

    Jobs come and go while the pages are read, so that numbers shift. A page therefore begins at the date at
    which the last one ended, and what was seen already is left out. Numbers count only where dates do not
    help: more jobs of one date than fit on a page, or a server that does not look at dates.

    Args:
        fetch: The page of the jobs that are wanted, after an offset.
        wanted: Which jobs.
    """
    seen: set[str] = set()
    last: list[str] = []
    step, offset, by_date = wanted, 0, True
    while True:
        page = fetch(step, offset)
        new = [record for record in page if record.job_id not in seen]
        seen.update(record.job_id for record in new)
        yield from new
        ids = [record.job_id for record in page]
        if len(page) < PAGE_SIZE:
            return
        if not new and not by_date and ids == last:
            logger.warning("the server repeats a page of its list of jobs; what follows was not read")
            return
        last = ids
        following = _after(step, page) if by_date and new else None
        if following is not None:
            step, offset = following, 0
        elif by_date and not new:
            step, offset, by_date = wanted, len(seen), False
        else:
            offset += len(page)


def _after(wanted: Wanted, page: list[JobRecord]) -> Wanted | None:
    """The same, from the end of a page on, with room for rounded dates; None when all are of one date."""
    dates = [record.created for record in page if record.created is not None]
    room = next(
        (unit for unit in _RESOLUTIONS if any(_is_finer(date, unit) for date in dates)), _RESOLUTIONS[-1]
    )
    if not dates or max(dates) - min(dates) <= room:
        return None
    if wanted.descending:
        return replace(wanted, end=min(dates) + room)
    return replace(wanted, start=max(dates) - room)


def _is_finer(date: datetime, unit: timedelta) -> bool:
    """Whether a date says more than the next coarser unit would show."""
    return date.microsecond % (1_000 * unit.microseconds or 1) != 0


def query_of(wanted: Wanted, offset: int) -> str:
    """The query of one page."""
    parts: list[tuple[str, str]] = [("limit", str(PAGE_SIZE)), ("exclude_params", "true")]
    if offset:
        parts.append(("offset", str(offset)))
    if wanted.backend_name is not None:
        parts.append(("backend", wanted.backend_name))
    if wanted.pending is not None:
        parts.append(("pending", str(wanted.pending).lower()))
    if wanted.start is not None:
        parts.append(("created_after", _utc(wanted.start)))
    if wanted.end is not None:
        parts.append(("created_before", _utc(wanted.end)))
    parts += [("tags", tag) for tag in wanted.tags]
    if not wanted.descending:
        parts.append(("sort", "ASC"))
    return urlencode(parts)


def _utc(date: datetime) -> str:
    return date.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
