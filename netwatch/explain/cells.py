"""Flows to cells: what each combination of dimension values moved in two windows, flows spread over their duration."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from netwatch.errors import UsageError
from netwatch.explain.dimensions import ADDRESSED, chosen, network_code, source_is_own
from netwatch.explain.windows import DAY, Span, Windows

COUNTERS = ("octets", "packets", "flows", "peers")


_USED = {
    "flow_start", "direction", "source_as", "destination_as", "source_country", "destination_country",
    "source_transport_port", "destination_transport_port", "protocol_identifier", "orientation", "traffic_class",
    "role", "application", "bgp_next_adjacent_as_number", "source_address", "destination_address", "exporter_address",
    "share_before", "share_after", "slot_before", "slot_after", "octets", "packets", "episode",
    "own_network",
}  # fmt: skip


class Prepared(NamedTuple):
    """Ibis tables of the flows of ``windows``: ``narrow`` without addresses, ``whole`` with them."""

    narrow: Any
    whole: Any
    windows: Windows


@dataclass(slots=True)
class Cells:
    """``keys``: raw values of the dimensions, one tuple a cell; ``names``: the same as text. ``before``, ``after``
    float64 (n,): each cell's amount a second, largest movement first. ``whole``: those of all cells, ``moved``: their
    rises and falls added up without sign, also of the cells that are not listed.

    Octets, packets and flows are of both directions, sampling corrected; peers are address-days, a peer of several
    cells shared among them.
    """

    keys: list[tuple[Any, ...]]
    names: list[tuple[str, ...]]
    before: np.ndarray
    after: np.ndarray
    whole: tuple[float, float]
    moved: float

    @property
    def added(self) -> np.ndarray:
        """By how much each cell rose, float64 (n,)."""
        rise: np.ndarray = self.after - self.before
        return rise

    @property
    def total(self) -> float:
        """By how much all of them rose."""
        return self.whole[1] - self.whole[0]


def count_cells(flows: Prepared, by: Sequence[str], counter: str, most: int) -> Cells:
    """What the cells of flows amounted to; the ``most`` that moved most are listed.

    Raises:
        UsageError: no such counter or dimension.
    """
    import ibis

    dimensions, seconds = chosen(by), flows.windows.seconds
    weighed = _keyed(flows, by, counter)
    keys = [f"key{i}" for i in range(len(by))]
    grouped = weighed.group_by(keys).agg(
        before=weighed.before.sum() / seconds[0], after=weighed.after.sum() / seconds[1]
    )
    added, every = (grouped.after - grouped.before).abs(), ibis.window()
    rows = (
        grouped.mutate(
            moved=added.sum().over(every), b=grouped.before.sum().over(every), a=grouped.after.sum().over(every)
        )
        .order_by([ibis.desc((ibis._.after - ibis._.before).abs()), *keys])
        .limit(most)
        .to_pyarrow()
    )
    raw = list(zip(*(rows.column(key).to_pylist() for key in keys), strict=True))
    names = [tuple(d.write(value) for d, value in zip(dimensions, key, strict=True)) for key in raw]
    b, a, moved = (float(rows.column(n)[0].as_py()) if len(raw) else 0.0 for n in ("b", "a", "moved"))
    before, after = (rows.column(side).to_numpy().astype(np.float64) for side in ("before", "after"))
    return Cells(raw, names, before, after, (b, a), moved)


def count_slots(flows: Prepared, by: Sequence[str], counter: str, told: list[tuple[Any, ...]]) -> list[np.ndarray]:
    """For before and after, float64 (cells + 1, slots): amounts of the told cells and, last, of the rest."""
    import ibis

    length = slot_for(flows.windows)
    weighed, cells = _keyed(flows, by, counter), len(told)
    if told:
        # A join: a chain of hundreds of conditions costs more to put into words than to answer.
        keys = [f"key{i}" for i in range(len(by))]
        listed = {key: [cell[i] for cell in told] for i, key in enumerate(keys)} | {"cell": range(cells)}
        schema = {key: weighed[key].type() for key in keys} | {"cell": "int64"}
        weighed = weighed.left_join(ibis.memtable(listed, schema=schema), keys)
        cell = weighed.cell.fill_null(cells)
    else:
        cell = ibis.literal(0)
    # One query for both sides: a flow of one window touches a single slot of the other's count.
    slots = ["slot_before", "slot_after"]
    rows = (
        weighed.mutate(cell=cell)
        .group_by(["cell", *slots])
        .agg(before=ibis._.before.sum(), after=ibis._.after.sum())
        .order_by(["cell", *slots])
        .to_pyarrow()
    )
    at = rows.column("cell").to_numpy()
    matrices = []
    for side, spans in (("before", flows.windows.before), ("after", flows.windows.after)):
        amounts, slot = rows.column(side).to_numpy(), rows.column(f"slot_{side}").to_numpy()
        inside, numbers = amounts > 0, _slots(spans, length)
        matrix = np.zeros((cells + 1, len(numbers)))
        place = np.clip(np.searchsorted(numbers, slot[inside]), 0, len(numbers) - 1)
        np.add.at(matrix, (at[inside], place), amounts[inside])
        matrices.append(matrix)
    return matrices


def _slots(spans: Sequence[Span], slot: int) -> np.ndarray:
    """Numbers of the slots, counted from the first span's begin, that the spans touch."""
    origin = spans[0][0]
    numbers = [np.arange((a - origin) // slot, -(-(b - origin) // slot)) for a, b in spans]
    slots: np.ndarray = np.unique(np.concatenate(numbers))
    return slots


def prepared(table: Any, windows: Windows) -> Prepared:
    """The flows of either window in an Ibis table of stored flows, each with its part in them; computed once for many
    splits and held in memory (about 80 octets a flow), addresses excepted.
    """
    import ibis

    weighed = _weighed(table, windows)
    narrow = [name for name in weighed.columns if not name.endswith("_address")]
    return Prepared(ibis.memtable(weighed.select(narrow).to_pyarrow()), weighed, windows)


def once(table: Any, windows: Windows) -> Prepared:
    """As :func:`prepared`, for a single split: nothing is kept."""
    weighed = _weighed(table, windows)
    return Prepared(weighed, weighed, windows)


def _weighed(table: Any, windows: Windows) -> Any:
    import ibis

    slot = slot_for(windows) // 1000
    begins = [ibis.literal(_moment(side[0][0])) for side in (windows.before, windows.after)]
    slots = [ibis.greatest(table.flow_start, begin).delta(begin, unit="microsecond") // slot for begin in begins]
    weighed = table.mutate(
        share_before=_overlap(table, windows.before),
        share_after=_overlap(table, windows.after),
        slot_before=slots[0].cast("int32"),
        slot_after=slots[1].cast("int32"),
        own_network=network_code(table),
        octets=_both(table, "octet"),
        packets=_both(table, "packet"),
    )
    used = [name for name in weighed.columns if name in _USED]
    return weighed.filter((weighed.share_before > 0) | (weighed.share_after > 0)).select(used)


def _keyed(flows: Prepared, by: Sequence[str], counter: str) -> Any:
    """Flows with their keys, their value's part in each window, and their slots."""
    if counter not in COUNTERS:
        raise UsageError.unknown("counter", counter, COUNTERS)
    wide = counter == "peers" or any(name in ADDRESSED for name in by)
    table = flows.whole if wide else flows.narrow
    keys = {f"key{i}": d.expression(table) for i, d in enumerate(chosen(by))}
    if counter == "peers":
        return _peers(table.mutate(**keys), len(by))
    value = 1.0 if counter == "flows" else table[counter]
    return table.select(
        "slot_before", "slot_after", **keys, before=table.share_before * value, after=table.share_after * value
    )


def _both(table: Any, element: str) -> Any:
    both = table[f"{element}_delta_count"] + table[f"reverse_{element}_delta_count"]
    return (both * table.sampling_packet_interval).cast("float64")


def _peers(table: Any, dimensions: int) -> Any:
    """Each far address of each day once, in equal parts for the cells in which it was seen that day."""
    import ibis

    keys = [f"key{i}" for i in range(dimensions)]
    peer = source_is_own(table).ifelse(table.destination_address, table.source_address)
    daily = table.mutate(peer=peer, day=table.flow_start.truncate("D"))
    seen = daily.group_by([*keys, "peer", "day"]).agg(
        in_before=(daily.share_before > 0).max().cast("float64"),
        in_after=(daily.share_after > 0).max().cast("float64"),
        slot_before=daily.slot_before.min(),
        slot_after=daily.slot_after.min(),
    )
    window = ibis.window(group_by=["peer", "day"])
    shared = seen.mutate(
        before=seen.in_before / ibis.greatest(seen.in_before.sum().over(window), 1.0),
        after=seen.in_after / ibis.greatest(seen.in_after.sum().over(window), 1.0),
    )
    return shared.select(*keys, "slot_before", "slot_after", "before", "after")


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
