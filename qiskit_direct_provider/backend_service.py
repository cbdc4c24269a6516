"""``provider.backend``: every backend as an attribute, and the jobs of all of them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qiskit_direct_provider import errors

if TYPE_CHECKING:
    from qiskit_direct_provider.backend import DirectBackend
    from qiskit_direct_provider.discovery import Discovery
    from qiskit_direct_provider.job import DirectJob

__all__ = ["BackendService"]


class BackendService:
    """``provider.backend.ibm_foo``, ``provider.backend("ibm_foo")``, ``provider.backend.jobs(limit=5)``.

    Names are completed; the list is asked for once, and again when a name is not in it. Characters that an
    attribute cannot have are written as ``_``.
    """

    def __init__(
        self, provider: Discovery, jobs: Callable[..., Any], retrieve_job: Callable[..., Any]
    ) -> None:
        self._provider = provider
        self._jobs = jobs
        self._retrieve_job = retrieve_job
        self._names: dict[str, str] = {}

    def __call__(self, name: str, *, use_fractional_gates: bool = False) -> DirectBackend:
        """One backend, as `get_backend` gives it."""
        return self._provider.get_backend(name, use_fractional_gates=use_fractional_gates)

    def jobs(self, *arguments: Any, **filters: Any) -> list[DirectJob]:
        """Jobs of all backends; see ``provider.jobs``."""
        found: list[DirectJob] = self._jobs(*arguments, **filters)
        return found

    def retrieve_job(self, job_id: str) -> DirectJob:
        """A job by its id; see ``provider.retrieve_job``."""
        found: DirectJob = self._retrieve_job(job_id)
        return found

    def __getattr__(self, name: str) -> DirectBackend:
        # What notebooks and copy ask for is no backend, and costs no request.
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        known = self._names.get(name) or self._listed().get(name)
        if known is None:
            close = difflib.get_close_matches(name, self._names, n=1)
            guess = f"did you mean {close[0]}?" if close else f"there is: {', '.join(self._names) or 'none'}"
            raise AttributeError(f"this account has no backend {name!r}; {guess}")
        return self._provider._backend(known)  # noqa: SLF001 - its other half

    def __dir__(self) -> list[str]:
        try:
            names = self._listed()
        except errors.DirectError:
            names = self._names
        return sorted({"jobs", "retrieve_job", *names})

    def __repr__(self) -> str:
        return f"<backends of {self._provider!r}>"

    def _listed(self) -> dict[str, str]:
        self._names = {re.sub(r"\W", "_", name): name for name in self._provider.backend_names()}
        return self._names
