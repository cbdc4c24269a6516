"""What a device should have answered, by simulation on this machine, and what that would cost.

Everything here takes a `Device`, circuits and counts, and sends no request.
"""

from __future__ import annotations
