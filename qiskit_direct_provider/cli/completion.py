"""What a shell offers after the Tab key. Whatever goes wrong, it offers nothing."""

from __future__ import annotations

import contextlib

__all__ = ["account_names", "backend_names", "channels", "job_ids", "statuses"]

LIMIT_S = 3.0
JOBS = 50


def account_names(incomplete: str) -> list[str]:
    """Saved accounts."""
    with contextlib.suppress(Exception):
        from qiskit_direct_provider.accounts.file import AccountFile, account_file

        names = AccountFile(account_file(None)).read().accounts
        return [name for name in names if name.startswith(incomplete)]
    return []


def channels(incomplete: str) -> list[str]:
    """Kinds of API."""
    from qiskit_direct_provider.accounts.channels import CHANNELS

    return [name for name in CHANNELS if name.startswith(incomplete)]


def backend_names(incomplete: str) -> list[str]:
    """Backends of the default account."""
    with contextlib.suppress(Exception):
        from qiskit_direct_provider.provider import DirectProvider

        with DirectProvider(timeout=LIMIT_S) as provider:
            return [name for name in provider.backend_names() if name.startswith(incomplete)]
    return []


def job_ids(incomplete: str) -> list[str]:
    """Jobs of the default account that are on record here, or that the server holds."""
    with contextlib.suppress(Exception):
        from qiskit_direct_provider.provider import DirectProvider

        with DirectProvider(timeout=LIMIT_S) as provider:
            found = [job.job_id() for job in provider.jobs(limit=JOBS)]
        return [job_id for job_id in found if job_id.startswith(incomplete)]
    return []


def statuses(incomplete: str) -> list[str]:
    """Names of the states of jobs."""
    from qiskit.providers.jobstatus import JobStatus

    return [status.name for status in JobStatus if status.name.startswith(incomplete.upper())]
