"""``SeriesBuilder``: folds batches of flows into series."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netwatch.errors import UsageError
from netwatch.kernels.binning import Grid, Lives
from netwatch.model.elements import Direction
from netwatch.model.flows import Flows, octets_both
from netwatch.model.heard import Heard
from netwatch.model.series import COUNTERS, Bins, Entity, Series, SeriesSet
from netwatch.model.tally import OUTSIDE_SPAN, Tally
from netwatch.series.coverage import Presence, exporter_key, run_apart
from netwatch.series.keys import KEYS, direction_of, words
from netwatch.series.ledger import Ledger
from netwatch.series.options import SeriesOptions
from netwatch.series.peers import PEERED, PeerCounts
from netwatch.series.widths import width

LEAST_COVERAGE = 0.1
"""A bin of which less was observed is unknown."""

SHORTEST_SILENCE = 60 * 10**9
"""In bins narrower than this (ns) an exporter without records is quiet, not lost."""


class SeriesBuilder:
    """Counters of the scope and of its largest entities over equal bins.

    ``span``: first and last instant (ns) of the flows to come. ``heard``: of which spans readers know what came, such
    as by sequence numbers that run on (nothing was lost: RFC 7011 section 3.1). In these a silence is the network's
    and no gap, and what is known to be lost is corrected for; elsewhere a total silence of the exporter is a gap.
    Octets and packets are corrected for sampling; flows and peers stay as observed (few packets of a small flow are
    drawn, so that its number cannot be told): ``detect`` allows for a step in them where the interval changes.
    """

    def __init__(self, options: SeriesOptions, span: tuple[int, int], heard: Sequence[Heard] = ()) -> None:
        for kind in options.by:
            if kind not in KEYS:
                raise UsageError.unknown("kind of series", kind, KEYS)
        self.options = options
        self.span = span
        self.bins = Bins.covering(*span, width(*span, options.bin, run_apart(heard)))
        self.tally = Tally("series", "flow")
        self._heard = heard
        self._grid = Grid(self.bins.start, self.bins.width, self.bins.count)
        self._ledger = Ledger(self._grid, options.by, options.top)
        self._presence = Presence(self.bins)
        self._peers = PeerCounts(self.bins.count)

    def add(self, flows: Flows) -> None:
        """Fold one batch."""
        flows = self._counted(flows)
        if not len(flows):
            return
        octets = octets_both(flows).astype(np.float64)
        interval = flows["sampling_packet_interval"].astype(np.int64)
        start = flows["flow_start_nanoseconds"]
        lives = Lives(
            start,
            flows["flow_end_nanoseconds"],
            flows["octet_delta_count"],
            flows["packet_delta_count"],
            flows["reverse_octet_delta_count"],
            flows["reverse_packet_delta_count"],
            interval,
        )
        rows = [self._ledger.rows_of(kind, KEYS[kind](flows), octets) for kind in self.options.by]
        forward = np.stack([r.forward for r in rows], axis=1) if rows else np.zeros((len(flows), 0), np.int64)
        reverse = np.stack([r.reverse for r in rows], axis=1) if rows else forward
        self._ledger.add(lives, forward, reverse)
        first, last = (
            np.clip((t - self.bins.start) // self.bins.width, 0, self.bins.count - 1) for t in (start, lives.end)
        )
        exporter = exporter_key(flows["exporter_address"], flows["observation_domain_id"])
        ends = first, np.maximum(first, last)
        self._presence.add(exporter, ends, octets * interval, interval)
        peered = [i for i, kind in enumerate(self.options.by) if kind in PEERED]
        self._peers.add(flows, ends, np.concatenate([forward, reverse], axis=1)[:, peered])

    def _counted(self, flows: Flows) -> Flows:
        """The flows that series can hold; the others are dropped with their reason."""
        octets = octets_both(flows)
        within = (flows["flow_end_nanoseconds"] >= self.span[0]) & (flows["flow_start_nanoseconds"] <= self.span[1])
        inside = direction_of(flows) != Direction.OUTSIDE
        keep = within & inside
        self.tally.keep(int(keep.sum()), int(octets[keep].sum()))
        for reason, lost in (
            ("outside the scope", ~inside),
            (OUTSIDE_SPAN, inside & ~within),
        ):
            if lost.any():
                self.tally.drop(reason, int(lost.sum()), int(octets[lost].sum()))
        return flows if keep.all() else flows.take(keep)

    def result(self) -> SeriesSet:
        """The series of all that was added."""
        self._ledger.trim()
        coverage = self._coverage()
        sampling = self._presence.sampling()
        sampling[coverage < LEAST_COVERAGE] = np.nan
        made = SeriesSet(self.bins)
        for (kind, key), row in sorted(self._ledger.rows.items()):
            entity = Entity(kind, words(kind, key, self.options.watch))
            for counter in COUNTERS:
                if counter != "peers":
                    values, variance = self._ledger.values(row, counter)
                elif kind in PEERED:
                    values, variance = self._peers.counts(row), np.zeros(self.bins.count)
                else:
                    continue
                if kind == "scope" and counter != "peers":
                    made.counted[counter] = values
                values, variance = corrected(values, variance, coverage)
                made.series[entity, counter] = Series(entity, counter, self.bins, values, coverage, variance, sampling)
        if self._peers.exhausted:
            self.tally.notes["bins without a count of peers: no room"] += self._peers.exhausted
        return made

    def _coverage(self) -> np.ndarray:
        self._presence.hear(self._heard)
        silence = self.options.gap_p if self.bins.width >= SHORTEST_SILENCE else None
        return self._presence.coverage(silence, self.span)


def corrected(values: np.ndarray, variance: np.ndarray, coverage: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values and variance scaled to the whole bin; NaN where hardly any of it was observed.

    What was not observed is known to about half of itself, which is added to the variance.
    """
    known = coverage >= LEAST_COVERAGE
    share = np.where(known, coverage, 1.0)
    whole = np.where(known, values / share, np.nan)
    return whole, np.where(known, variance / share**2 + (0.5 * (1.0 - share) * values / share) ** 2, np.nan)
