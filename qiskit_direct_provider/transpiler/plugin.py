"""The translation stage for Direct Access devices, found by Qiskit through an entry point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qiskit.transpiler import PassManager
from qiskit.transpiler.passes import WrapAngles
from qiskit.transpiler.preset_passmanagers import common
from qiskit.transpiler.preset_passmanagers.plugin import PassManagerStagePlugin

from qiskit_direct_provider.transpiler import calibration_of, rzz
from qiskit_direct_provider.transpiler.stamp import StampCalibration

if TYPE_CHECKING:
    from qiskit.transpiler.passmanager_config import PassManagerConfig

__all__ = ["DirectTranslation"]


class DirectTranslation(PassManagerStagePlugin):
    """Qiskit's translation, then angles within their bounds where the device has bounds; and a stamp."""

    def pass_manager(
        self, pass_manager_config: PassManagerConfig, optimization_level: int | None = None
    ) -> PassManager:
        """The passes of this stage."""
        del optimization_level
        config = pass_manager_config
        rzz.register()
        passes = common.generate_translation_passmanager(
            target=config.target,
            basis_gates=config.basis_gates,
            approximation_degree=config.approximation_degree,
            coupling_map=config.coupling_map,
            unitary_synthesis_method=config.unitary_synthesis_method,
            unitary_synthesis_plugin_config=config.unitary_synthesis_plugin_config,
            hls_config=config.hls_config,
            qubits_initially_zero=config.qubits_initially_zero,
        )
        if config.target is not None and config.target.has_angle_bounds():
            passes += PassManager([WrapAngles(config.target)])
        calibrated = None if config.target is None else calibration_of(config.target.description)
        if calibrated is not None:
            passes += PassManager([StampCalibration(calibrated)])
        return passes
