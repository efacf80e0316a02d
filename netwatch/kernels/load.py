"""Wide big- and little-endian loads from octets, each with one bounds check instead of one per octet.

Numba's own ``octets[i]`` checks every index; a header is read several times faster when a field of two, four or eight
octets is one load. An index outside of the array raises ``IndexError``, as it does under ``boundscheck=True``. Those
that are called ``bare`` check nothing: they are for loops whose whole range was checked before (jit.checked_before).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from netwatch.kernels.jit import part
from netwatch.kernels.part import Intrinsic


def _loader(octets: int, swapped: bool) -> Any:
    """An intrinsic that loads an unaligned unsigned integer and gives it as uint64; it checks nothing itself."""

    def load(typing: Any, array: Any, index: Any) -> Any:
        from llvmlite import ir  # type: ignore[import-untyped]
        from numba import types
        from numba.core import cgutils

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
            place = cgutils.pointer_add(builder, data, arguments[1])  # type: ignore[no-untyped-call]
            number = ir.IntType(8 * octets)
            value = builder.load(builder.bitcast(place, number.as_pointer()), align=1)
            if swapped and octets > 1:
                value = builder.bswap(value)
            return builder.zext(value, ir.IntType(64)) if octets < 8 else value

        return types.uint64(array, types.int64), generate

    return Intrinsic(load)


_be16, _be32, _be64 = bare16, bare32, bare64 = _loader(2, True), _loader(4, True), _loader(8, True)
_le16, _le32, _le64 = bare_le16, bare_le32, bare_le64 = _loader(2, False), _loader(4, False), _loader(8, False)


@part
def be16(octets, i):  # type: ignore[no-untyped-def]
    """Unsigned 16 bits in network order at octet ``i``, as int64."""
    if i < 0 or i > octets.size - 2:
        raise IndexError("octets end before the field")
    return np.int64(_be16(octets, i))


@part
def be32(octets, i):  # type: ignore[no-untyped-def]
    """Unsigned 32 bits in network order at octet ``i``, as int64."""
    if i < 0 or i > octets.size - 4:
        raise IndexError("octets end before the field")
    return np.int64(_be32(octets, i))


@part
def be64(octets, i):  # type: ignore[no-untyped-def]
    """Unsigned 64 bits in network order at octet ``i``, as uint64."""
    if i < 0 or i > octets.size - 8:
        raise IndexError("octets end before the field")
    return _be64(octets, i)


@part
def le16(octets, i):  # type: ignore[no-untyped-def]
    """Unsigned 16 bits, least octet first, at octet ``i``, as int64."""
    if i < 0 or i > octets.size - 2:
        raise IndexError("octets end before the field")
    return np.int64(_le16(octets, i))


@part
def le32(octets, i):  # type: ignore[no-untyped-def]
    """Unsigned 32 bits, least octet first, at octet ``i``, as int64."""
    if i < 0 or i > octets.size - 4:
        raise IndexError("octets end before the field")
    return np.int64(_le32(octets, i))


@part
def le64(octets, i):  # type: ignore[no-untyped-def]
    """Unsigned 64 bits, least octet first, at octet ``i``, as uint64."""
    if i < 0 or i > octets.size - 8:
        raise IndexError("octets end before the field")
    return _le64(octets, i)


@part
def either16(octets, i, big):  # type: ignore[no-untyped-def]
    """Unsigned 16 bits at octet ``i``, in network order if ``big``, else least octet first; as int64."""
    return be16(octets, i) if big else le16(octets, i)


@part
def either32(octets, i, big):  # type: ignore[no-untyped-def]
    """Unsigned 32 bits at octet ``i``, in network order if ``big``, else least octet first; as int64."""
    return be32(octets, i) if big else le32(octets, i)


@part
def either64(octets, i, big):  # type: ignore[no-untyped-def]
    """Unsigned 64 bits at octet ``i``, in network order if ``big``, else least octet first; as uint64."""
    return be64(octets, i) if big else le64(octets, i)
