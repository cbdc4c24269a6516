"""The estimator."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from qiskit.primitives import BaseEstimatorV2

from qiskit_direct_provider.primitives.base import Primitive
from qiskit_direct_provider.primitives.groups import UnsetType
from qiskit_direct_provider.primitives.options import EstimatorOptions
from qiskit_direct_provider.primitives.pubs import check_pubs, estimator_pubs
from qiskit_direct_provider.programs import Limits, estimator_programs

if TYPE_CHECKING:
    from qiskit.primitives.containers.estimator_pub import EstimatorPubLike

    from qiskit_direct_provider.primitives.job import PrimitiveJob

__all__ = ["EstimatorV2"]


class EstimatorV2(Primitive[EstimatorOptions], BaseEstimatorV2):
    """Expectation values of observables.

    Args:
        mode: A backend of this package, or a session or batch on one.
        options: `EstimatorOptions` or a dictionary; the estimator keeps a copy, as `options`.
    """

    _options_class = EstimatorOptions

    def run(self, pubs: Iterable[EstimatorPubLike], *, precision: float | None = None) -> PrimitiveJob:
        """Send pubs, and return the job at once.

        A pub is ``(circuit, observables, parameter_values, precision)``, of which the first two are
        needed. The circuit is transpiled for the backend. Observables have real coefficients, and act on
        the qubits of that circuit, as ``observable.apply_layout(circuit.layout)`` makes them; those that
        are as wide as the circuit was before it was transpiled are placed here. Their shape and that of
        the sets of values are broadcast as NumPy does.

        Args:
            pubs: At least one.
            precision: Wanted standard error, for pubs that bring none; then ``options.default_shots``,
                then ``options.default_precision``, then the server's own, 1/64.

        Raises:
            InvalidInputError: A pub does not fit together, or an option cannot be right.
            InvalidCircuitError: The device cannot run a circuit as it is. Nothing was sent in either case.
            BackendReservedError: The device is reserved for somebody else.
            LanesFullError: Every execution lane holds a job.
            StorageError: The input could not be stored.
        """
        found = estimator_pubs(pubs, precision)
        self.options.resilience.check()
        device = self._checked([pub.circuit for pub in found])
        check_pubs(found, device, measured=False)
        level = self.options.resilience_level
        programs = estimator_programs(
            found,
            options=self._program_options(device),
            resilience_level=None if isinstance(level, UnsetType) else level,
            limits=Limits(circuits=device.configuration.max_experiments),
            target=device.target,
        )
        return self._send(programs)
