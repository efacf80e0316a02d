"""Kernels to machine code, by Numba: bounds-checked, without the lock of the interpreter, without reference counts.

Numba's reference counting (atomic, at each call with an array) took half of the time and is switched off: kernels
allocate nothing, and their callers hold every array for as long as they run.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from numba import njit, typeof, types
from numba._dynfunc import make_function
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.typing.templates import builtin_registry
from numba.extending import intrinsic, typeof_impl

from netwatch.kernels.machine import Compiled
from netwatch.kernels.part import Intrinsic, Part

_OPTIONS: dict[str, Any] = {
    "boundscheck": True, "_nrt": False, "no_cfunc_wrapper": True, "no_cpython_wrapper": True,
}  # fmt: skip
_LETTERS = {
    types.int8: "b", types.int16: "h", types.int32: "i", types.int64: "q", types.uint8: "B", types.uint16: "H",
    types.uint32: "I", types.uint64: "Q", types.float64: "d", types.boolean: "?",
}  # fmt: skip


def compiled_for(function: Callable[..., Any], values: Sequence[Any]) -> Compiled:
    """Compile a kernel for values of such types."""
    dispatcher = njit(**_OPTIONS)(function)
    with _uncollected():
        dispatcher.compile(tuple(typeof(value) for value in values))  # type: ignore[no-untyped-call]
    (made,) = dispatcher.overloads.values()
    _, kind, (octets, _) = made.library.serialize_using_object_code()
    if kind != "object":
        raise RuntimeError(f"Numba gave {kind} instead of an object file")
    return Compiled(made.fndesc.llvm_func_name, _letters(function, made.signature.return_type), octets)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for cycles among the millions of objects that Numba makes: a sixth of the time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _letters(function: Callable[..., Any], result: Any) -> str:
    """A type of result as letters of ``struct``."""
    if result == types.none:
        return ""
    members = result.types if isinstance(result, types.BaseTuple) else [result]  # type: ignore[attr-defined]
    try:
        return "".join(_LETTERS[types.unliteral(member)] for member in members)  # type: ignore[no-untyped-call]
    except KeyError as fault:
        raise TypeError(f"kernel {function.__name__} returns {result}") from fault


class _Linked(JITCodeLibrary):
    """The code of a part, which is linked into kernels only; these are optimised and assembled as a whole."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalized = True


class _PartCompiler(Compiler):
    """Numba's, up to where code is ready to be linked: machine code of each part by itself is a seventh of the time."""

    def compile_extra(self, func: Callable[..., Any]) -> Any:
        """Compile a part; what stands for its entry is never called."""
        context = self.state.targetctx
        self.state.flags.no_compile = True
        self.state.library = _Linked(context.codegen(), func.__qualname__)  # type: ignore[no-untyped-call]
        made = super().compile_extra(func)  # type: ignore[no-untyped-call]
        entry = make_function(made.fndesc.lookup_module(), func.__name__, "", 0, made.environment, (made.library,))
        context.insert_user_function(entry, made.fndesc, [made.library])
        return made._replace(entry_point=entry)


@functools.cache
def _dispatcher(part: Part) -> Any:
    options = {**_OPTIONS, "boundscheck": part.checked, "forceinline": part.inline}
    return njit(pipeline_class=_PartCompiler, **options)(part.function)


@functools.cache
def _intrinsic(made: Intrinsic) -> Any:
    function = intrinsic(made.define)
    return next(kind for value, kind in reversed(builtin_registry.globals) if value is function)


@typeof_impl.register(Part)
def _type_of_part(part: Part, _context: Any) -> Any:
    return types.Dispatcher(_dispatcher(part))


@typeof_impl.register(Intrinsic)
def _type_of_intrinsic(made: Intrinsic, _context: Any) -> Any:
    return _intrinsic(made)
