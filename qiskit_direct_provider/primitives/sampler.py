"""The sampler."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from qiskit.primitives import BaseSamplerV2

from qiskit_direct_provider.primitives.base import Primitive
from qiskit_direct_provider.primitives.groups import UnsetType
from qiskit_direct_provider.primitives.options import SamplerOptions
from qiskit_direct_provider.primitives.pubs import check_pubs, sampler_pubs, values_of
from qiskit_direct_provider.programs import Limits, Pub, check_shots, sampler_programs

if TYPE_CHECKING:
    from qiskit.primitives.containers.sampler_pub import SamplerPubLike

    from qiskit_direct_provider.primitives.job import PrimitiveJob

__all__ = ["DEFAULT_SHOTS", "SamplerV2"]

DEFAULT_SHOTS = 4096
"""What servers take when nobody says a number; it is always said, since not all of them agree."""


class SamplerV2(Primitive[SamplerOptions], BaseSamplerV2):
    """Bits of circuits, shot by shot.

    Args:
        mode: A backend of this package, or a session or batch on one.
        options: `SamplerOptions` or a dictionary; the sampler keeps a copy, as `options`.
    """

    _options_class = SamplerOptions

    def run(self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None) -> PrimitiveJob:
        """Send pubs, and return the job at once.

        A pub is a circuit, or ``(circuit, parameter_values, shots)``. The circuit is transpiled for the
        backend; the values have shape ``(*pub_shape, num_parameters)``, in the order of
        ``circuit.parameters``, or are a mapping by parameter.

        Args:
            pubs: At least one.
            shots: For pubs that bring none; then ``options.default_shots``, then 4096.

        Raises:
            InvalidInputError: A pub does not fit together, or an option cannot be right.
            InvalidCircuitError: The device cannot run a circuit as it is. Nothing was sent in either case.
            BackendReservedError: The device is reserved for somebody else.
            LanesFullError: Every execution lane holds a job.
            StorageError: The input could not be stored.
        """
        found = sampler_pubs(pubs, shots)
        device = self._checked([pub.circuit for pub in found])
        default = self._default_shots()
        numbers = [check_shots(pub.shots or default, device.configuration.max_shots) for pub in found]
        check_pubs(found, device, measured=True)
        programs = sampler_programs(
            [Pub(pub.circuit, number, values_of(pub)) for pub, number in zip(found, numbers, strict=True)],
            options=self._program_options(device),
            limits=Limits(circuits=device.configuration.max_experiments),
            target=device.target,
        )
        return self._send(programs)

    def _default_shots(self) -> int:
        """For pubs that bring none; a product of both numbers of twirling counts more than the default."""
        twirling, default = self.options.twirling, self.options.default_shots
        parts = (twirling.num_randomizations, twirling.shots_per_randomization)
        twirled = True in (twirling.enable_gates, twirling.enable_measure)
        if twirled and all(isinstance(part, int) for part in parts):
            return math.prod(part for part in parts if isinstance(part, int))
        return DEFAULT_SHOTS if isinstance(default, UnsetType) else default
