"""Feature table of spreading: inside hosts that take to scanning one port, and whether each was reached by another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from netwatch.fingerprint.behaviour.episodes import common_prefix, pointers
from netwatch.fingerprint.behaviour.floors import Floor, Manners
from netwatch.fingerprint.behaviour.halves import ACK, SYN, TCP, UDP, halves
from netwatch.fingerprint.features import Feature, Features, FeatureTable
from netwatch.fingerprint.queries import as_columns, run
from netwatch.model.address import from_octets
from netwatch.model.elements import Direction

if TYPE_CHECKING:
    import ibis

LEAST_HOSTS, LEAST_SOURCES = 10, 3
"""Addresses that a source tries on one port, and sources that do, at least, of what is looked at."""
LEAST_FAILED = 0.5

DECLARED = {
    "spread.sources": Feature("inside addresses that scan this port", "addresses"),
    "spread.later": Feature("of them, those that began more than a minute after the first", "addresses"),
    "spread.reached": Feature("of those, reached on this port by an earlier one before they began", "share"),
    "spread.rising": Feature("began in the second half of the time against in the first", "times"),
    "spread.failed": Feature("tries that failed", "share"),
    "spread.targets": Feature("addresses that a source tried, on average", "addresses"),
    "quality.sampling": Feature("sampling interval", "packets"),
}


def _failing(m: Manners) -> np.ndarray:
    """Halves of tries that failed, or of which it is not known: at least half of all tries that may be in a row."""
    tcp = ((m.flags & ACK) == 0) | m.unanswered
    told: np.ndarray = np.where(m.protocol == TCP, tcp, (m.protocol == UDP) & m.unanswered)
    return told


class Spreads(Features):
    """One row per (port, protocol) that several inside hosts scan; nothing without a scope."""

    declared: ClassVar[dict[str, Feature]] = DECLARED
    floors: ClassVar[tuple[Floor, ...]] = (Floor(
        LEAST_HOSTS * LEAST_FAILED, ("sender", "port", "protocol"), "halves", 0, _failing, range(1, 32768),
        (Direction.OUTBOUND, Direction.INTERNAL),
    ),)  # fmt: skip

    def table(self, flows: ibis.Table) -> FeatureTable:
        """Features of every port that is scanned from inside by several."""
        sources = as_columns(run(_sources, flows))
        service = sources["port"].astype(np.int64) * 256 + sources["protocol"].astype(np.int64)
        rows = [np.flatnonzero(service == each) for each in np.unique(service)]
        rows = [r[np.argsort(sources["since_us"][r], kind="stable")] for r in rows if len(r) >= LEAST_SOURCES]
        return _table(sources, rows, _chains(flows) if rows else set())


def _chains(flows: ibis.Table) -> set[tuple[bytes, int, int]]:
    """Address, port and protocol of the hosts that :func:`_reached` tells of."""
    chains = as_columns(run(_reached, flows))
    ends = zip(chains["receiver"], chains["port"], chains["protocol"], strict=True)
    return {(receiver.tobytes(), int(port), int(protocol)) for receiver, port, protocol in ends}


def _table(t: dict[str, Any], rows: list[np.ndarray], reached: set[tuple[bytes, int, int]]) -> FeatureTable:
    n, first = len(rows), np.array([r[0] for r in rows], np.int64)
    port, protocol = t["port"][first].astype(np.uint16), t["protocol"][first].astype(np.uint8)
    low = np.array([t["sender"][r].min(axis=0) for r in rows], np.uint8).reshape(n, 16)
    high = np.array([t["sender"][r].max(axis=0) for r in rows], np.uint8).reshape(n, 16)
    length = common_prefix(low, high)
    kept = np.unpackbits(low, axis=1) & (np.arange(128)[None, :] < length[:, None])

    def chained(r: np.ndarray) -> float:
        later = r[t["since_us"][r] > t["since_us"][r[0]] + 60_000_000]
        told = [(t["sender"][i].tobytes(), int(t["port"][i]), int(t["protocol"][i])) in reached for i in later]
        return sum(told) / len(told) if told else float("nan")

    def rising(r: np.ndarray) -> float:
        since, until = int(t["since_us"][r].min()), int(t["until_us"][r].max())
        late = int((t["since_us"][r] > (since + until) // 2).sum())
        return late / max(1, len(r) - late)

    summed = {name: np.array([t[name][r].sum() for r in rows], np.float64) for name in ("packets", "octets", "flows")}
    return FeatureTable(
        subject=from_octets(np.packbits(kept, axis=1)) if n else np.zeros((0, 2), np.uint64),
        prefix_length=length,
        peer=np.zeros((n, 2), np.uint64),
        port=port,
        protocol=protocol,
        since=np.array([t["since_us"][r].min() for r in rows], np.int64) * 1000,
        until=np.array([t["until_us"][r].max() for r in rows], np.int64) * 1000,
        packets=summed["packets"],
        octets=summed["octets"],
        flows=summed["flows"],
        peers=np.array([t["hosts"][r].sum() for r in rows], np.int64),
        columns={
            "spread.sources": np.array([len(r) for r in rows], np.float64),
            "spread.later": np.array(
                [(t["since_us"][r] > t["since_us"][r[0]] + 60_000_000).sum() for r in rows], np.float64
            ),
            "spread.reached": np.array([chained(r) for r in rows], np.float64),
            "spread.rising": np.array([rising(r) for r in rows], np.float64),
            "spread.failed": np.array([t["failed"][r].mean() for r in rows], np.float64),
            "spread.targets": np.array([t["hosts"][r].mean() for r in rows], np.float64),
            "quality.sampling": np.array([t["interval"][r].max() for r in rows], np.float64),
        },
        facts=lambda row: {"sources": len(rows[row])},
        **pointers({name: t[name][first] for name in ("input", "first_frame", "interval")}),
    )


def _tried(flows: ibis.Table) -> ibis.Table:
    """What inside hosts tried of others, at ports below those that systems give to clients."""
    import ibis

    h = halves(flows)
    asks = h.opens & (h.outbound | h.internal) & h.protocol.isin([TCP, UDP]) & h.receiver_port.between(1, 32767)
    tried = h.filter(asks & (((h.flags & SYN) > 0) | ~h.flagged | (h.protocol == UDP)))
    by_flags = (tried.protocol == TCP) & tried.flagged
    failed = ibis.ifelse(by_flags, (tried.flags & ACK) == 0, tried.answer == 0)
    return tried.mutate(failed=failed.cast("float64"), port=tried.receiver_port)


def _sources(flows: ibis.Table) -> ibis.Table:
    """Inside hosts by port that tried many addresses, mostly in vain, and when each began."""
    import ibis

    t = ibis._
    keys = ["sender", "port", "protocol"]
    tried = _tried(flows)
    often = tried.group_by(keys).aggregate(times=t.count(), vain=t.failed.mean())
    often = often.filter((often.times >= LEAST_HOSTS) & (often.vain >= LEAST_FAILED))
    counted = tried.semi_join(often, keys).group_by(keys).aggregate(
        hosts=t.receiver.nunique(), failed=t.failed.mean(), packets=t.packets.sum(), octets=t.octets.sum(),
        flows=t.count(), since_us=t.since_us.min(), until_us=t.until_us.max(), interval=t.interval.max(),
        input=t.input.argmin(t.since_us), first_frame=t.first_frame.argmin(t.since_us),
    )  # fmt: skip
    counted = counted.filter(counted.hosts >= LEAST_HOSTS)
    return counted.order_by(["port", "protocol", "since_us", "sender"])


def _reached(flows: ibis.Table) -> ibis.Table:
    """Of those hosts, the ones that another of them had got through to, on that port, before they began."""
    sources, tried = _sources(flows), _tried(flows)
    began = sources.select("port", "protocol", receiver=sources.sender, began_us=sources.since_us)
    through = tried.filter(tried.failed == 0).semi_join(sources, ["sender", "port", "protocol"])
    hits = through.inner_join(began, ["receiver", "port", "protocol"])
    hits = hits.filter(hits.since_us < hits.began_us)
    return hits.select("receiver", "port", "protocol").distinct().order_by(["port", "protocol", "receiver"])
