"""Memory asked for before it is needed, so that a loop does not wait for each miss; and copying octets."""

from __future__ import annotations

from typing import Any

from netwatch.kernels.jit import inlined
from netwatch.kernels.part import Intrinsic


def _prefetch(typing: Any, array: Any, index: Any) -> Any:
    """Start loading the cache line at ``index`` of a one-dimensional array; a hint that no index can harm."""
    from llvmlite import ir  # type: ignore[import-untyped]
    from numba import types
    from numba.core import cgutils

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        octet = ir.IntType(8).as_pointer()
        number = ir.IntType(32)
        stride = cgutils.unpack_tuple(builder, view.strides, 1)[0]  # type: ignore[no-untyped-call]
        start = builder.bitcast(view.data, octet)
        place = builder.gep(start, [builder.mul(arguments[1], stride)])
        kind = ir.FunctionType(ir.VoidType(), [octet, number, number, number])
        ask = builder.module.declare_intrinsic("llvm.prefetch", [octet], kind)
        builder.call(ask, [place, number(1), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


def _copy(typing: Any, to: Any, at: Any, source: Any, start: Any, length: Any) -> Any:
    from numba import types
    from numba.core import cgutils

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        target = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        origin = context.make_array(signature.args[2])(context, builder, arguments[2]).data
        target = builder.gep(target, [arguments[1]])
        origin = builder.gep(origin, [arguments[3]])
        cgutils.raw_memcpy(builder, target, origin, arguments[4], 1)  # type: ignore[no-untyped-call]
        return context.get_dummy_value()

    return types.void(to, types.int64, source, types.int64, types.int64), generate


# Called from kernels, an intrinsic takes no typing context.
prefetch: Any = Intrinsic(_prefetch)
copy: Any = Intrinsic(_copy)


@inlined
def copy_octets(to, at, source, start, length):  # type: ignore[no-untyped-def]
    """``to[at : at + length] = source[start : start + length]`` of uint8 arrays, both ranges checked at once."""
    if length < 0 or at < 0 or start < 0 or at > to.size - length or start > source.size - length:
        raise IndexError("octets end before the range")
    copy(to, at, source, start, length)
