"""Kernels: compiled once, run from disk without Numba, bounded; what is not whole on disk is compiled anew."""

from __future__ import annotations

import os
import subprocess
import sys
import weakref
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from netwatch.kernels.jit import inlined, kernel
from netwatch.kernels.machine import Arguments, Compiled, _processor, keep, kept, path_of

WALK = """
import sys
import numpy as np
from netwatch.kernels.lookup import find, index, Segments
low = np.array([0, 5], np.uint64)
table = index(Segments(np.zeros(2, np.uint64), low, np.array([7, 9], np.uint32)))
print(find(np.array([[0, 4], [0, 5]], np.uint64), table).tolist(), "numba" in sys.modules)
"""


class Pair(NamedTuple):
    first: np.ndarray
    factor: float


@inlined
def scaled(pair, i):
    return pair.first[i] * pair.factor


@kernel
def total(pair, count, halved, out):
    for i in range(count):
        out[0] += scaled(pair, i)
    if halved:
        out[0] /= 2.0
    return count, halved, np.int64(out[0])


def run(place: Path) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "-c", WALK], capture_output=True, text=True, check=True,
        env={**os.environ, "NUMBA_CACHE_DIR": str(place)},
    )  # fmt: skip
    return done.stdout.strip(), done.stderr.strip()


def test_tuples_of_arrays_numbers_and_truths_are_taken_and_numbers_given() -> None:
    out = np.zeros(1)
    pair = Pair(np.arange(5, dtype=np.uint16), 0.5)
    assert total(pair, 5, False, out) == (5, False, 5)
    assert total(pair._replace(first=np.arange(10, dtype=np.int64)[::2]), 5, True, out) == (5, True, 7)
    assert total(Arguments([pair, 2]), True, out) == (2, True, 4)


def test_a_type_of_records_made_anew_is_no_other_and_no_argument_is_held() -> None:
    @kernel
    def first(rows):
        return rows[0].value

    held = []
    for aligned in (True, True, False, False):
        rows = np.ones(3, np.dtype([("value", "i8")], align=aligned))
        assert first(rows) == 1
        held.append(weakref.ref(rows))
        del rows
    assert len(first._codes) == 2
    assert not any(each() is not None for each in held)


def test_reaching_beyond_an_array_raises() -> None:
    with pytest.raises(IndexError):
        total(Pair(np.zeros(3), 1.0), 4, False, np.zeros(1))


@pytest.mark.parametrize("kind", ["b", "h", "i", "q", "B", "H", "I", "Q", "d", "?"])
def test_a_number_of_any_width_comes_back(kind: str) -> None:
    @kernel
    def last(values):
        return values[-1]

    @kernel
    def both(values):
        return values[-1], 7, values[0]

    values = np.array([1, 0, 1], np.dtype(kind)) if kind == "?" else np.array([1, 5, 127], np.dtype(kind))
    assert last(values) == values[-1].item()
    assert both(values) == (values[-1].item(), 7, values[0].item())


def test_what_no_kernel_takes_or_returns_is_refused() -> None:
    @kernel
    def given(values):
        return values

    with pytest.raises(TypeError, match="kernels take no str"):
        given("text")
    with pytest.raises(TypeError, match="kernel given returns"):
        given(np.zeros(1))


def test_a_second_run_needs_no_numba(tmp_path: Path) -> None:
    place = tmp_path / "kernels"
    assert run(place) == ("[7, 9] True", "netwatch: compiling kernels (once)")
    assert run(place) == ("[7, 9] False", "")


def test_code_that_is_not_whole_is_compiled_anew(tmp_path: Path) -> None:
    place = tmp_path / "kernels"
    run(place)
    (path,) = place.glob("netwatch/*/lookup._find-*.o")
    octets = bytearray(path.read_bytes())
    whole = kept(path)
    octets[-1] ^= 1
    path.write_bytes(octets)
    assert kept(path) is None
    assert run(place)[0] == "[7, 9] True"
    assert kept(path) == whole
    path.write_bytes(octets[: len(octets) // 2])
    assert run(place)[0] == "[7, 9] True"


def test_a_disk_that_takes_no_code_costs_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _octets: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("netwatch.kernels.machine.put", full)
    keep(tmp_path / "code", Compiled("f", "int64", b"code"))
    assert list(tmp_path.iterdir()) == []


def test_types_and_processor_make_other_files(monkeypatch: pytest.MonkeyPatch) -> None:
    import llvmlite.binding

    names = {
        path_of(total.function, Arguments([value])).name for value in (1, True, 1.0, np.zeros(1), np.zeros((1, 1)))
    }
    monkeypatch.setattr(llvmlite.binding, "get_host_cpu_name", lambda: "another")
    _processor.cache_clear()
    names.add(path_of(total.function, Arguments([1])).name)
    _processor.cache_clear()
    assert len(names) == 6
