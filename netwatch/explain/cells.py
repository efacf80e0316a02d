"""Flows to cells: what each combination of dimension values moved in two windows, flows spread over their duration."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple

import numpy as np

from netwatch.errors import UsageError
from netwatch.explain.dimensions import chosen, source_is_own
from netwatch.explain.windows import DAY, Span, Windows

COUNTERS = ("octets", "packets", "flows", "peers")


@dataclass(slots=True)
class Cells:
    """``keys``: raw values of the dimensions, one tuple a cell; ``names``: the same as text. ``added`` float64 (n,): by
    how much each cell's amount a second rose, largest movement first. ``total``: the rise of all cells, ``moved``:
    their rises and falls added up without sign, also of the cells that are not listed.

    Octets, packets and flows are of both directions, sampling corrected; peers are address-days, a peer of several
    cells shared among them.
    """

    keys: list[tuple[Any, ...]]
    names: list[tuple[str, ...]]
    added: np.ndarray
    total: float
    moved: float


def count_cells(table: Any, windows: Windows, by: Sequence[str], counter: str, most: int) -> Cells:
    """What the cells of an Ibis table of stored flows added; the ``most`` that moved most are listed.

    Raises:
        UsageError: no such counter or dimension.
    """
    import ibis

    dimensions = chosen(by)
    weighed = _weighed(table, windows, by, counter)
    keys = [f"key{i}" for i in range(len(by))]
    grouped = weighed.group_by(keys).agg(
        added=weighed.after.sum() / windows.seconds[1] - weighed.before.sum() / windows.seconds[0]
    )
    whole = ibis.window()
    rows = (
        grouped.mutate(total=grouped.added.sum().over(whole), moved=grouped.added.abs().sum().over(whole))
        .order_by([ibis.desc(ibis._.added.abs()), *keys])
        .limit(most)
        .to_pyarrow()
    )
    raw = list(zip(*(rows.column(key).to_pylist() for key in keys), strict=True))
    names = [tuple(d.write(value) for d, value in zip(dimensions, key, strict=True)) for key in raw]
    total, moved = (float(rows.column(n)[0].as_py()) if len(raw) else 0.0 for n in ("total", "moved"))
    return Cells(raw, names, rows.column("added").to_numpy().astype(np.float64), total, moved)


def count_levels(table: Any, windows: Windows, dimension: str, counter: str) -> dict[str, tuple[float, float]]:
    """Amount a second before and after of every value of a dimension; for dimensions of few values."""
    import ibis

    write = chosen([dimension])[0].write
    weighed = _weighed(table, windows, [dimension], counter)
    rows = weighed.group_by("key0").agg(b=ibis._.before.sum(), a=ibis._.after.sum()).order_by("key0").to_pyarrow()
    return {
        write(key): (float(b) / windows.seconds[0], float(a) / windows.seconds[1])
        for key, b, a in zip(*(rows.column(name).to_pylist() for name in ("key0", "b", "a")), strict=True)
    }


def count_slots(table: Any, windows: Windows, by: Sequence[str], counter: str, told: Told) -> list[np.ndarray]:
    """For before and after, float64 (cells + 1, slots): amounts of the told cells and, last, of the rest."""
    import ibis

    weighed = _weighed(table, windows, by, counter)
    cases = [
        (_all([weighed[f"key{i}"] == value for i, value in enumerate(key)]), number)
        for number, key in enumerate(told.keys)
    ]
    cell = ibis.cases(*cases, else_=len(cases)) if cases else ibis.literal(0)
    matrices = []
    for side, spans in (("before", windows.before), ("after", windows.after)):
        begin = ibis.literal(_moment(spans[0][0]))
        number = ibis.greatest(weighed.flow_start, begin).delta(begin, unit="microsecond") // (told.slot // 1000)
        rows = (
            weighed.filter(weighed[side] > 0)
            .mutate(cell=cell, slot=number)
            .group_by(["cell", "slot"])
            .agg(amount=ibis._[side].sum())
            .order_by(["cell", "slot"])
            .to_pyarrow()
        )
        slots = _slots(spans, told.slot)
        matrix = np.zeros((len(cases) + 1, len(slots)))
        at = np.clip(np.searchsorted(slots, rows.column("slot").to_numpy()), 0, len(slots) - 1)
        np.add.at(matrix, (rows.column("cell").to_numpy(), at), rows.column("amount").to_numpy())
        matrices.append(matrix)
    return matrices


class Told(NamedTuple):
    """The cells whose variation is asked for, by raw key, and the length of the slots, ns."""

    keys: list[tuple[Any, ...]]
    slot: int


def _all(conditions: Sequence[Any]) -> Any:
    return reduce(operator.and_, conditions)


def _slots(spans: Sequence[Span], slot: int) -> np.ndarray:
    """Numbers of the slots, counted from the first span's begin, that the spans touch."""
    origin = spans[0][0]
    numbers = [np.arange((a - origin) // slot, -(-(b - origin) // slot)) for a, b in spans]
    slots: np.ndarray = np.unique(np.concatenate(numbers))
    return slots


def _weighed(table: Any, windows: Windows, by: Sequence[str], counter: str) -> Any:
    """The flows of either window with their keys, their value's part in each, and their start."""
    if counter not in COUNTERS:
        raise UsageError.unknown("counter", counter, COUNTERS)
    keyed = table.mutate(
        **{f"key{i}": d.expression(table) for i, d in enumerate(chosen(by))},
        share_before=_overlap(table, windows.before),
        share_after=_overlap(table, windows.after),
    )
    touched = keyed.filter((keyed.share_before > 0) | (keyed.share_after > 0))
    if counter == "peers":
        return _peers(touched, len(by))
    value = _value(touched, counter)
    return touched.select(
        *(f"key{i}" for i in range(len(by))),
        "flow_start",
        before=touched.share_before * value,
        after=touched.share_after * value,
    )


def _value(table: Any, counter: str) -> Any:
    if counter == "flows":
        return 1.0
    element = "octet" if counter == "octets" else "packet"
    both = table[f"{element}_delta_count"] + table[f"reverse_{element}_delta_count"]
    return (both * table.sampling_packet_interval).cast("float64")


def _peers(table: Any, dimensions: int) -> Any:
    """Each far address of each day once, in equal parts for the cells in which it was seen that day."""
    import ibis

    keys = [f"key{i}" for i in range(dimensions)]
    peer = source_is_own(table).ifelse(table.destination_address, table.source_address)
    daily = table.mutate(peer=peer, day=table.flow_start.truncate("D"))
    once = daily.group_by([*keys, "peer", "day"]).agg(
        in_before=(daily.share_before > 0).max().cast("float64"),
        in_after=(daily.share_after > 0).max().cast("float64"),
        flow_start=daily.flow_start.min(),
    )
    window = ibis.window(group_by=["peer", "day"])
    shared = once.mutate(
        before=once.in_before / ibis.greatest(once.in_before.sum().over(window), 1.0),
        after=once.in_after / ibis.greatest(once.in_after.sum().over(window), 1.0),
    )
    return shared.select(*keys, "flow_start", "before", "after")


def _overlap(table: Any, spans: Sequence[Span]) -> Any:
    """Share of each flow's life that lies in the spans; a flow without duration lies where it starts."""
    import ibis

    duration = table.flow_end.delta(table.flow_start, unit="microsecond")
    total = ibis.literal(0.0)
    for begin, end in spans:
        first, last = ibis.literal(_moment(begin)), ibis.literal(_moment(end))
        common = ibis.least(table.flow_end, last).delta(ibis.greatest(table.flow_start, first), unit="microsecond")
        inside = ((table.flow_start >= first) & (table.flow_start < last)).cast("float64")
        part = ibis.greatest(common, 0).cast("float64") / ibis.greatest(duration, 1)
        total = total + (duration > 0).ifelse(part, inside)
    return total


def _moment(nanoseconds: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=nanoseconds // 1000)


def slot_for(windows: Windows) -> int:
    """Length of the slots that variation is judged by: days, or for short windows a 24th of the shorter one."""
    lengths = [sum(end - begin for begin, end in side) for side in (windows.before, windows.after)]
    return DAY if min(lengths) >= 14 * DAY else max(min(lengths) // 24, 1000)
