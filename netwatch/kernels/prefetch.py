"""Asking the processor for memory before it is needed, so that a loop does not wait for one cache miss after another."""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def prefetch(typing: Any, array: Any, index: Any) -> Any:
    """Start loading the cache line at ``index`` of a one-dimensional array; a hint, which an index outside cannot harm."""

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
