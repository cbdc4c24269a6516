"""The form of results for Qiskit: tagged objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qiskit_direct_provider.results.building import bit_array, pub_result, spelled
from qiskit_direct_provider.wire.codec import CodecError
from qiskit_direct_provider.wire.results import Array, BitField, Complex, Figure

if TYPE_CHECKING:
    from qiskit.primitives import PrimitiveResult, PubResult

    from qiskit_direct_provider.results.values import Allowance
    from qiskit_direct_provider.wire.results import Field, TaggedPub, TaggedResult

__all__ = ["primitive_result"]


def primitive_result(result: TaggedResult, allowance: Allowance) -> PrimitiveResult:
    """All pubs, in their order."""
    from qiskit.primitives import PrimitiveResult

    pubs = [_pub(pub, allowance) for pub in result.pub_results]
    return PrimitiveResult(pubs, metadata=allowance.metadata(result.metadata))


def _pub(pub: TaggedPub, allowance: Allowance) -> PubResult:
    content = pub.value.data.value
    names = content.field_names
    if names is not None and names != list(content.fields) and set(names) != content.fields.keys():
        raise CodecError(f"fields {names} are announced, but {list(content.fields)} are there")
    fields = {spelled(name): _field(entry, allowance) for name, entry in content.fields.items()}
    return pub_result(
        fields,
        tuple(content.shape or ()),
        allowance.metadata(pub.value.metadata),
        sampler=pub.type == "SamplerPubResult" or BitField in map(type, content.fields.values()),
    )


def _field(entry: Field, allowance: Allowance) -> Any:
    if type(entry) is BitField:
        return bit_array(allowance.array(entry.value.array.value), entry.value.num_bits)
    if isinstance(entry, Array):
        return allowance.array(entry.value)
    if isinstance(entry, Complex):
        return complex(*entry.value)
    if isinstance(entry, Figure):
        return float(entry.value)
    return entry
