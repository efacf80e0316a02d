"""Which share of each bin was observed: from what readers know to have come, and from exporters that fell silent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netwatch.kernels.sketch import hashed
from netwatch.model.heard import Heard
from netwatch.model.series import Bins
from netwatch.series.silence import silences

_DAY = 86_400 * 10**9
EXPORTERS = 64
"""Exporters told apart; any more are one."""


class Presence:
    """Flow Records and octets by (exporter, bin)."""

    def __init__(self, bins: Bins) -> None:
        self.bins = bins
        self._rows: dict[int, int] = {}
        self.records = np.zeros((0, bins.count))
        self.octets = np.zeros((0, bins.count))
        self.intervals = np.zeros(bins.count)
        self.lives = np.zeros((0, bins.count + 1))  # records that begin less those that ended in the bin before
        self.ran = np.zeros(bins.count)  # share of each bin in which a capture ran that tells when it did
        self._heard: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def add(
        self, exporter: np.ndarray, bins: tuple[np.ndarray, np.ndarray], octets: np.ndarray, interval: np.ndarray
    ) -> None:
        """Count records; ``exporter`` uint64 (n,) hash, ``bins`` the first and last of each record, int64 (n,)."""
        first, last = bins
        unique, inverse = np.unique(exporter, return_inverse=True)
        for key in unique.tolist():
            if key not in self._rows and len(self._rows) < EXPORTERS:
                self._rows[key] = len(self._rows)
                self.records = np.concatenate([self.records, np.zeros((1, self.bins.count))])
                self.octets = np.concatenate([self.octets, np.zeros((1, self.bins.count))])
                self.lives = np.concatenate([self.lives, np.zeros((1, self.bins.count + 1))])
        row = np.array([self._rows.get(key, EXPORTERS - 1) for key in unique.tolist()], np.int64)[inverse]
        np.add.at(self.records, (row, first), 1.0)
        np.add.at(self.octets, (row, first), octets)
        np.add.at(self.intervals, first, interval)
        np.add.at(self.lives, (row, first), 1.0)
        np.add.at(self.lives, (row, last + 1), -1.0)

    def sampling(self) -> np.ndarray:
        """Mean packet interval of each bin's records, float64 (bins,); NaN where there were none."""
        records = self.records.sum(axis=0)
        out = np.full(self.bins.count, np.nan)
        np.divide(self.intervals, records, out=out, where=records > 0)
        return out

    def hear(self, spans: Sequence[Heard]) -> None:
        """Take in what readers know of the exporters whose records were added."""
        self.ran = observed_share(self.bins, [(*run, 1.0) for run in runs(spans)])
        by_row: dict[int, list[Heard]] = {}
        for span in spans:
            address, domain = np.array([span.exporter], np.uint64), np.array([span.domain], np.uint32)
            row = self._rows.get(int(exporter_key(address, domain)[0]), EXPORTERS)
            # The last row may stand for several exporters.
            if row < EXPORTERS - 1:
                by_row.setdefault(row, []).append(span)
        for row, mine in by_row.items():
            known = observed_share(self.bins, [(s.since, s.until, 1.0) for s in mine])
            came = observed_share(self.bins, [(s.since, s.until, s.share) for s in mine])
            self.know(row, known, came)

    def know(self, row: int, known: np.ndarray, came: np.ndarray) -> None:
        """Of what share of each bin it is known what an exporter sent, and what share came, float64 (bins,)."""
        known = np.minimum(known, 1.0)
        self._heard[row] = known, np.minimum(came, known)

    def heard(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        """What :meth:`know` was told of a row; zeros where it was told nothing."""
        nothing = np.zeros(self.bins.count)
        return self._heard.get(row, (nothing, nothing))

    def coverage(self, gap_p: float | None, span: tuple[int, int]) -> np.ndarray:
        """Share of the traffic whose exporters were heard, float64 (bins,).

        ``span``: first and last instant of all the data. An exporter's share is its mean rate of octets while it was
        heard. Where readers do not know what came, a silence less likely than ``gap_p`` was not heard; with None no
        silence counts as such. Between captures that tell when they ran nothing was.
        """
        outer = observed_share(self.bins, [(span[0], span[1] + 1, 1.0)])
        usual, missing = np.zeros(self.bins.count), np.zeros(self.bins.count)
        here = self._rows.get(int(exporter_key(np.zeros((1, 2), np.uint64), np.zeros(1, np.uint32))[0]))
        for row, (records, octets) in enumerate(zip(self.records, self.octets, strict=True)):
            known, came = self.heard(row)
            lived = np.cumsum(self.lives[row, :-1]) > 0
            day = _DAY / self.bins.width
            silent = silences(records, gap_p, lived, day) if gap_p is not None else np.zeros(self.bins.count, bool)
            alive = np.flatnonzero(records)
            lost = np.zeros(self.bins.count)
            living = slice(alive[0], alive[-1] + 1)
            lost[living] = (known - came + silent * (1.0 - known))[living]
            if row == here:
                lost[living] = np.maximum(lost, self._idle(records, outer))[living]
            rate = float(octets.sum()) / max(0.01, float((1.0 - lost[living]).sum()))
            usual[living] += rate
            missing += rate * lost
        covered: np.ndarray = outer * (1.0 - np.divide(missing, usual, out=np.zeros(self.bins.count), where=usual > 0))
        return covered

    def _idle(self, records: np.ndarray, outer: np.ndarray) -> np.ndarray:
        """Share of each bin, of what ``outer`` leaves of it, between captures that tell when they ran.

        float64 (bins,); zeros where most of what was metered comes from others. Of these others it is not known when
        they ran, so that a bin with records of theirs alone counts as observed.
        """
        ran, zeros = self.ran > 0, np.zeros(self.bins.count)
        if records[ran].sum() <= 0.5 * records.sum():
            return zeros
        share = np.minimum(np.divide(self.ran, outer, out=zeros.copy(), where=outer > 0), 1.0)
        return np.where(ran | (records == 0), 1.0 - share, 0.0)


def exporter_key(address: np.ndarray, domain: np.ndarray) -> np.ndarray:
    """uint64 (n,): a hash of exporters' addresses (n, 2) and Observation Domains (n,)."""
    key: np.ndarray = hashed(address) + domain.astype(np.uint64)
    return key


def observed_share(bins: Bins, spans: Sequence[tuple[int, int, float]]) -> np.ndarray:
    """Observed share of each bin, float64 (bins,), from spans ``(since, until, share of the traffic seen)`` in ns."""
    share = np.zeros(bins.count)
    for begin, end, part in spans:
        since, until = max(begin, bins.start), min(end, bins.end)
        if until <= since:
            continue
        first, last = (since - bins.start) // bins.width, (until - 1 - bins.start) // bins.width
        edges = bins.start + bins.width * np.arange(first, last + 2)
        overlap = np.diff(np.clip(edges, since, until)).astype(np.float64)
        share[first : last + 1] += part * overlap / bins.width
    return np.minimum(share, 1.0)


def runs(heard: Sequence[Heard]) -> list[tuple[int, int]]:
    """When captures ran that tell it, in order; those that touch are one."""
    joined: list[tuple[int, int]] = []
    for since, until in sorted((span.since, span.until) for span in heard if span.ran):
        if joined and since <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(until, joined[-1][1])
        else:
            joined.append((since, until))
    return joined


def run_apart(heard: Sequence[Heard]) -> int:
    """Usual length (ns) of captures that lie apart, so that most of the time none ran; 0 where they do not."""
    ran = runs(heard)
    lengths = [until - since for since, until in ran]
    apart = ran and 2 * sum(lengths) < ran[-1][1] - ran[0][0]
    return int(np.median(lengths)) if apart else 0
