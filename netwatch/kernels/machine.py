"""Machine code of kernels: found on disk, loaded by LLVM, called with NumPy arrays.

A kernel follows Numba's calling convention: it takes where to write its result, where to write what it raises, then
its arguments, an array as seven words and more; it returns 0 unless it raised. Code is kept per kernel, types of
arguments and processor in the folder of these kernels' edition.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import pickle
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from netwatch.editions import put, whole
from netwatch.kernels.place import folder

_FLAGS = 0x501
"""Of an array's flags those that make another type of it: C-contiguous, aligned, writeable."""


class Compiled(NamedTuple):
    """``symbol`` to call in ``octets``, an object file; ``result``: the result as letters of ``struct``."""

    symbol: str
    result: str
    octets: bytes


class Arguments:
    """Values as words of the calling convention, and ``kinds``, the same for values of the same types.

    One that is given among the values of another counts as the values that it holds: NamedTuples of many arrays can be
    taken apart once for many calls.
    """

    def __init__(self, values: Sequence[Any]) -> None:
        self.values: list[Any] = []
        self.words: list[int | float] = []
        self.kinds: list[object] = []
        for value in values:
            if type(value) is Arguments:
                self.values += value.values
                self.words += value.words
                self.kinds += value.kinds
            else:
                self.values.append(value)
                self._take(value)

    def _take(self, value: Any) -> None:
        kind = type(value)
        if kind is np.ndarray:
            self.words += (0, 0, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides)
            # Equal types count as one: NumPy makes new ones of records, such as when it joins arrays.
            self.kinds += (value.dtype, value.dtype.isalignedstruct, value.ndim, value.flags.num & _FLAGS)
            return
        self.kinds.append(kind)
        if isinstance(value, tuple):
            self.kinds.append(len(value))
            for member in value:
                self._take(member)
        elif kind is float:
            self.words.append(value)
        elif kind in (int, bool, np.uint64, np.int64):
            self.words.append(int(value))
        else:
            raise TypeError(f"kernels take no {kind.__name__}")


class Code:
    """A loaded kernel for arguments of certain types."""

    def __init__(self, compiled: Compiled, arguments: Arguments) -> None:
        self._engine = _loaded(compiled.octets)
        kinds = (ctypes.c_double if isinstance(word, float) else ctypes.c_uint64 for word in arguments.words)
        pointer = ctypes.c_void_p
        entry = ctypes.CFUNCTYPE(ctypes.c_int32, pointer, pointer, *kinds)
        self._call: Callable[..., int] = entry(self._engine.get_function_address(compiled.symbol))
        self._result = struct.Struct(f"@{compiled.result}")

    def __call__(self, words: Sequence[int | float]) -> Any:
        """Run it.

        Raises:
            IndexError: it reached beyond an array.

        """
        result = ctypes.create_string_buffer(max(self._result.size, 8))
        raised = ctypes.c_void_p()
        if self._call(ctypes.addressof(result), ctypes.addressof(raised), *words):
            raise _raised(raised)
        told = self._result.unpack_from(result)
        return told if len(told) > 1 else told[0] if told else None


def _raised(place: ctypes.c_void_p) -> Exception:
    """The exception that lies at ``place``: a pickle's address and length, among other things."""
    if not place.value:
        return RuntimeError("a kernel stopped without a reason")
    start = ctypes.c_void_p.from_address(place.value).value or 0
    length = ctypes.c_int32.from_address(place.value + 8).value
    kind, arguments, _ = pickle.loads(ctypes.string_at(start, length))  # noqa: S301 - from our own code's constants
    fault: Exception = kind(*(arguments or ()))
    return fault


def path_of(function: Callable[..., Any], arguments: Arguments) -> Path:
    """Where the code of a kernel for such arguments is kept."""
    module = function.__module__.rpartition(".")[2]
    return folder() / f"{module}.{function.__name__}-{_digest(arguments.values)}.o"


def _digest(values: Sequence[Any]) -> str:
    """A name for the types of these values on this processor."""
    told = f"{_processor()} {[_type(value) for value in values]}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


@functools.cache
def _processor() -> str:
    """This processor's name and features."""
    import llvmlite.binding as llvm  # type: ignore[import-untyped]

    return f"{llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"


def _type(value: Any) -> object:
    if isinstance(value, np.ndarray):
        layout = value.dtype.descr if value.dtype.fields else value.dtype.str
        return layout, value.dtype.isalignedstruct, value.ndim, value.flags.num & _FLAGS
    if isinstance(value, tuple):
        return type(value).__qualname__, [_type(member) for member in value]
    return type(value).__name__


def kept(path: Path) -> Compiled | None:
    """What was kept; None where nothing was, or it is not whole."""
    rest = whole(path)
    if rest is None:
        return None
    symbol, result, code = rest.split(b"\n", 2)
    return Compiled(symbol.decode(), result.decode(), code)


def keep(path: Path, compiled: Compiled) -> None:
    """Put code where :func:`kept` finds it, all or nothing; a disk that takes nothing costs time only."""
    try:
        put(path, f"{compiled.symbol}\n{compiled.result}\n".encode() + compiled.octets)
    except OSError:  # a full disk, or the processes of other editions have just cleared the folder away
        return


def _loaded(octets: bytes) -> Any:
    """An engine of LLVM that holds an object file, ready to be called."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(octets))
    engine.finalize_object()
    return engine
