"""How backends, jobs and accounts look in a notebook or a terminal.

Values come in, text goes out: nothing here sends a request, and nothing here is imported before something
is to be shown.
"""

from __future__ import annotations

from qiskit_direct_provider.views.backend import backend_html, backend_rows
from qiskit_direct_provider.views.device_map import DeviceMap
from qiskit_direct_provider.views.job import job_html, job_rows
from qiskit_direct_provider.views.provider import provider_html
from qiskit_direct_provider.views.status import status_html

__all__ = [
    "DeviceMap",
    "backend_html",
    "backend_rows",
    "job_html",
    "job_rows",
    "provider_html",
    "status_html",
]
