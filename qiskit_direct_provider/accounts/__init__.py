"""Where to connect, as whom, and through which object store."""

from __future__ import annotations

from qiskit_direct_provider.accounts.account import DEFAULT_IAM_URL, Account
from qiskit_direct_provider.accounts.channels import CHANNELS
from qiskit_direct_provider.accounts.environment import resource_names
from qiskit_direct_provider.accounts.resolution import environment_account, explicit_fields, resolve
from qiskit_direct_provider.accounts.secret import Secret, SecretLike
from qiskit_direct_provider.accounts.storage import S3Storage
from qiskit_direct_provider.accounts.transport import HttpOptions, Proxies

__all__ = [
    "CHANNELS",
    "DEFAULT_IAM_URL",
    "Account",
    "HttpOptions",
    "Proxies",
    "S3Storage",
    "Secret",
    "SecretLike",
    "environment_account",
    "explicit_fields",
    "resolve",
    "resource_names",
]
