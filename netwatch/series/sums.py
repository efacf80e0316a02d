"""From flows to the sums that are kept, and from kept sums back to series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from netwatch.model.flows import Flows
from netwatch.model.heard import Heard
from netwatch.model.series import COUNTERS, Bins, Entity, Series, SeriesSet
from netwatch.model.sums import CAPTURES, EXPORTER, PARTS, BinSums
from netwatch.series.builder import LEAST_COVERAGE, SHORTEST_SILENCE, SeriesBuilder, corrected
from netwatch.series.coverage import Presence
from netwatch.series.keys import words
from netwatch.series.options import SeriesOptions
from netwatch.series.peers import PEERED

SECOND = 10**9
FIXED = ("scope", "direction", "family", "class", "watch")
"""Kinds of which every entity is kept apart."""


def sums_of(
    batches: Iterable[Flows], span: tuple[int, int], options: SeriesOptions, heard: Sequence[Heard] = ()
) -> BinSums:
    """What flows between two instants (ns) add up to, in bins of ``options.bin`` seconds; only bins that have any.

    ``heard``: as of :class:`SeriesBuilder`.
    """
    builder = SeriesBuilder(options, span)
    for flows in batches:
        builder.add(flows)
    builder._presence.hear(heard)
    return _ledger_sums(builder)


def _ledger_sums(builder: SeriesBuilder) -> BinSums:
    """The rows of a builder's ledger and of the exporters that it heard."""
    ledger, presence, bins = builder._ledger, builder._presence, builder.bins
    ledger.trim()
    times, parts = bins.times(), []
    for (kind, key), row in sorted(ledger.rows.items()):
        octets, octets_variance = ledger.values(row, "octets")
        packets, packets_variance = ledger.values(row, "packets")
        flows, _ = ledger.values(row, "flows")
        peers = builder._peers.counts(row) if kind in PEERED else np.full(bins.count, np.nan)
        columns = (octets, octets_variance, packets, packets_variance, flows, peers)
        at = np.flatnonzero((octets > 0) | (packets > 0) | (flows > 0))
        parts.append(_rows(bins, times, at, (kind, words(kind, key, builder.options.watch)), columns))
    for name, row in sorted(presence._rows.items()):
        records = presence.records[row]
        known, came = (share * bins.width / SECOND for share in presence.heard(row))
        at = np.flatnonzero((records > 0) | (known > 0))
        share = np.divide(records, presence.records.sum(axis=0), out=np.zeros(bins.count), where=records > 0)
        none = np.full(bins.count, np.nan)
        columns = (presence.octets[row], known, presence.intervals * share, came, records, none)
        parts.append(_rows(bins, times, at, (EXPORTER, f"{name:016x}"), columns))
    zero, seconds = np.zeros(bins.count), presence.ran * bins.width / SECOND
    columns = (zero, seconds, zero, zero, zero, np.full(bins.count, np.nan))
    parts.append(_rows(bins, times, np.flatnonzero(seconds), (EXPORTER, CAPTURES), columns))
    return BinSums.joined(bins.width, parts)


def _rows(
    bins: Bins, times: np.ndarray, at: np.ndarray, entity: tuple[str, str], columns: tuple[np.ndarray, ...]
) -> BinSums:
    named = [np.full(len(at), text, object) for text in entity]
    return BinSums(bins.width, times[at], *named, *(column[at] for column in columns))


def series_from(sums: BinSums, bins: Bins, span: tuple[int, int], options: SeriesOptions) -> SeriesSet:
    """The series that kept sums stand for, as :class:`SeriesBuilder` makes them from the flows.

    ``bins`` may be a multiple of the kept width; peers of a wider bin are those of its fullest part, the least certain.
    ``span``: first and last instant of all the data. Kinds without a fixed vocabulary keep their ``options.top``.
    """
    at = (sums.start - bins.start) // bins.width
    inside = (at >= 0) & (at < bins.count)
    heard = inside & (sums.kind == EXPORTER)
    presence = _presence(sums, at, heard, bins)
    coverage = presence.coverage(options.gap_p if bins.width >= SHORTEST_SILENCE else None, span)
    sampling = presence.sampling()
    sampling[coverage < LEAST_COVERAGE] = np.nan
    made = SeriesSet(bins)
    for kind in options.by:
        rows = np.flatnonzero(inside & (sums.kind == kind))
        if not len(rows):
            continue
        value, number = np.unique(sums.value[rows].astype(str), return_inverse=True)
        value, number = _largest(kind, value, number, sums.octets[rows], options.top)
        tables = {name: _table(number, at[rows], getattr(sums, name)[rows], len(value), bins.count) for name in PARTS}
        peers = np.zeros((len(value), bins.count))
        np.maximum.at(peers, (number, at[rows]), np.nan_to_num(sums.peers[rows]))
        for counter in COUNTERS:
            if counter == "peers" and kind not in PEERED:
                continue
            table = peers if counter == "peers" else tables[counter]
            zero = np.zeros(bins.count)
            for i, name in enumerate(value):
                variance = tables[f"{counter}_variance"][i] if f"{counter}_variance" in tables else zero
                entity = Entity(kind, str(name))
                if kind == "scope" and counter != "peers":
                    made.counted[counter] = table[i]
                values, spread = corrected(table[i], variance, coverage)
                made.series[entity, counter] = Series(entity, counter, bins, values, coverage, spread, sampling)
    return made


def run_apart(sums: BinSums) -> int:
    """How long (ns) captures usually ran in a kept bin, where most of the time none ran; 0 where they do not lie apart.

    As of :func:`netwatch.series.coverage.run_apart`, by what is kept of captures that tell when they ran; 0 too where
    most Flow Records were there when none ran.
    """
    runs = (sums.kind == EXPORTER) & (sums.value == CAPTURES)
    heard = (sums.kind == EXPORTER) & ~runs
    start, seconds, records = sums.start[runs], sums.octets_variance[runs], sums.flows[heard]
    if not len(start) or records[np.isin(sums.start[heard], start)].sum() <= 0.5 * records.sum():
        return 0
    whole = (start.max() + sums.width - start.min()) / SECOND
    return int(np.median(seconds) * SECOND) if 2 * seconds.sum() < whole else 0


def _presence(sums: BinSums, at: np.ndarray, heard: np.ndarray, bins: Bins) -> Presence:
    presence = Presence(bins)
    runs = np.flatnonzero(heard & (sums.value == CAPTURES))
    ran = _table(np.zeros(len(runs), np.int64), at[runs], sums.octets_variance[runs], 1, bins.count)[0]
    presence.ran = np.minimum(ran * SECOND / bins.width, 1.0)
    rows = np.flatnonzero(heard & (sums.value != CAPTURES))
    names, number = np.unique(sums.value[rows].astype(str), return_inverse=True)
    presence._rows = {int(name, 16): row for row, name in enumerate(names.tolist())}
    presence.records = _table(number, at[rows], sums.flows[rows], len(names), bins.count)
    presence.octets = _table(number, at[rows], sums.octets[rows], len(names), bins.count)
    np.add.at(presence.intervals, at[rows], sums.packets[rows])
    known = _table(number, at[rows], sums.octets_variance[rows], len(names), bins.count)
    came = _table(number, at[rows], sums.packets_variance[rows], len(names), bins.count)
    for row in np.flatnonzero(known.any(axis=1)):
        presence.know(int(row), *(seconds[row] * SECOND / bins.width for seconds in (known, came)))
    alive = (presence.records > 0) | (presence.octets > 0)
    presence.lives = np.diff(alive.astype(np.float64), axis=1, prepend=0.0, append=0.0)
    return presence


def _table(number: np.ndarray, at: np.ndarray, values: np.ndarray, entities: int, bins: int) -> np.ndarray:
    """float64 (entities, bins)."""
    flat = np.bincount(number * bins + at, values, entities * bins) if len(values) else np.zeros(entities * bins)
    return flat.reshape(entities, bins)


def _largest(
    kind: str, value: np.ndarray, number: np.ndarray, octets: np.ndarray, top: int
) -> tuple[np.ndarray, np.ndarray]:
    """Names and numbers with all but the ``top`` largest put together as "other"."""
    named = value != "other"
    if kind in FIXED or int(named.sum()) <= top:
        return value, number
    total = np.where(named, np.bincount(number, octets, len(value)), -1.0)
    kept = np.sort(np.lexsort((value, -total))[:top])
    place = np.full(len(value), len(kept))
    place[kept] = np.arange(len(kept))
    return np.concatenate([value[kept], ["other"]]), place[number]
