"""A simulated year of five-minute files with things to be found, and what must be the same of what is found.

The findings of passes one after another are *equal* to those of one analysis of all their files where

* on mining and attacks: both have findings of the same kind, class, role, watch group and subject; each episode of the
  analysis lies within one of the passes, and each of the passes begins and ends where one of the analysis does, give or
  take :data:`LAG`;
* on volume: for each finding of the analysis the passes told of a change of the same kind, entity and counter, and the
  analysis found each change that the passes told of and did not take back, with beginnings no further apart than a day
  or their own uncertainty. A level shift, a ramp and an episode are of one kind: a change of level.

What is the life cycle's own: a pass does not know what comes after it. So the passes may tell of a change that later
data takes back (it has then ended, and is counted) and tell the end of an episode as a change of level of its own; and
episodes that lie less than ``pass.ended_after`` apart are one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import five_minutes
import numpy as np

from netwatch.model.change import Change, ChangeKind
from netwatch.model.finding import Finding
from netwatch.model.text import instant
from netwatch.monitor.sighting import change_name

MINUTE, HOUR, DAY = 60 * 10**9, 3600 * 10**9, 86_400 * 10**9
FILES = 288
"""Five-minute files of a day."""
LAG = 5 * MINUTE
LEVELS = {str(kind) for kind in (ChangeKind.LEVEL_SHIFT, ChangeKind.RAMP, ChangeKind.EPISODE)}
TOGETHER = HOUR
"""Verdicts no further apart are one episode of an attack, as in ``explain/threats``."""
MINER, POOL, POOL_PORT = (175 << 24 | 45 << 16 | 178 << 8) + 19, (51 << 24 | 68 << 16 | 1 << 8) + 77, 14_444
SCANNER, SCANNED = (198 << 24 | 51 << 16 | 100 << 8) + 7, 400
OWN = 175 << 24 | 45 << 16 | 176 << 8


def content(index: int, days: int, flows: int) -> bytes:
    """The file of one five minutes: ordinary use, that grows 1.8 times after two thirds of the time; now and then a
    flood or a scan; and a host that mines from a fifth of the time to three fifths of it.
    """
    rng = np.random.default_rng([2, index])
    times = 1.8 if index > days * FILES * 2 // 3 else 1.0
    flows = int(rng.poisson(flows))
    parts = [five_minutes.records(index, flows, 1, flood=index % 4000 == 3000, times=times)]
    if days // 5 <= index / FILES < days * 3 // 5:
        parts.append(_mining(rng, index))
    if index % 9000 == 4500:
        parts.append(_scan(rng))
    whole = np.concatenate(parts).astype(five_minutes.RECORD)
    return five_minutes.octets(index, whole[np.argsort(whole["last"], kind="stable")])


def _mining(rng: np.random.Generator, index: int) -> np.ndarray:
    """Both directions of one connection to a pool, as an exporter cuts it every five minutes; a new port each day."""
    shares, jobs = rng.poisson(300 / 12.5), rng.poisson(300 / 70)
    bare = rng.binomial(shares, 0.6)
    both = np.zeros(2, five_minutes.RECORD)
    both["source"], both["destination"] = (MINER, POOL), (POOL, MINER)
    port = 32_768 + index // FILES
    both["source_port"], both["destination_port"] = (port, POOL_PORT), (POOL_PORT, port)
    both["packets"] = shares + jobs + bare, shares + jobs
    both["octets"] = shares * 276 + (jobs + bare) * 40, shares * 105 + jobs * 418
    both["first"], both["last"] = five_minutes.UPTIME, five_minutes.UPTIME + 299_000
    both["protocol"], both["flags"] = 6, 0x18
    return both


def _scan(rng: np.random.Generator) -> np.ndarray:
    made = np.zeros(SCANNED, five_minutes.RECORD)
    made["source"], made["destination"] = SCANNER, OWN + rng.choice(1024, SCANNED, replace=False)
    made["packets"], made["octets"], made["protocol"], made["flags"] = 1, 44, 6, 2
    made["first"] = made["last"] = five_minutes.UPTIME + np.sort(rng.integers(0, 290_000, SCANNED))
    made["source_port"], made["destination_port"] = rng.integers(32_768, 61_000), 445
    return made


class Span(NamedTuple):
    """When, ns UTC."""

    since: int
    until: int

    def __str__(self) -> str:
        return f"{instant(self.since)} to {instant(self.until)}"


Matter = tuple[str, str, str, str, str]
"""Kind, class, role, watch group and subject of a finding on mining or an attack."""


def episodes_of(findings: Sequence[Finding], watches: Sequence[str]) -> dict[Matter, list[Span]]:
    """The episodes of an analysis by matter; ``watches``: the watch group of each finding."""
    found: dict[Matter, list[Span]] = defaultdict(list)
    for finding, watch in zip(findings, watches, strict=True):
        if finding.verdicts:
            facts = finding.figures
            matter = (finding.kind, str(facts["class"]), str(facts["role"]), watch, finding.subject)
            found[matter] += _joined([Span(v.since, v.until) for v in finding.verdicts], TOGETHER)
    return found


def episodes_told(records: Iterable[dict[str, Any]]) -> dict[Matter, list[Span]]:
    """The episodes that passes kept, by matter."""
    found: dict[Matter, list[Span]] = defaultdict(list)
    for r in records:
        if r["verdicts"]:
            matter = (r["kind"], r["figures"]["class"], r["figures"]["role"], r["watch"], r["subject"])
            found[matter].append(Span(r["since"], r["last"]))
    return found


def threats_apart(whole: dict[Matter, list[Span]], told: dict[Matter, list[Span]]) -> list[str]:
    """In what episodes on mining and attacks differ, a line each."""
    apart = []
    for matter in sorted(whole.keys() | told.keys()):
        name, analysis, passes = " ".join(matter), whole.get(matter, []), told.get(matter, [])
        apart += [
            f"only the analysis: {name}, {span}"
            for span in analysis
            if not any(p.since <= span.since + LAG and span.until <= p.until + LAG for p in passes)
        ]
        begins, ends = [span.since for span in analysis], [span.until for span in analysis]
        apart += [
            f"only the passes: {name}, {span}"
            for span in passes
            if not (_near(span.since, begins, LAG) and _near(span.until, ends, LAG))
        ]
    return apart


class Compared(NamedTuple):
    """``apart``: in what volume differs, a line each; ``alike``: findings found on both sides; ``taken_back``: what
    passes told and later data took back.
    """

    apart: list[str]
    alike: int
    taken_back: list[str]


def volume_apart(findings: Sequence[Finding], changes: Sequence[Change], records: Sequence[dict[str, Any]]) -> Compared:
    """Findings and changes of an analysis against the volume findings of passes."""
    kept = [r for r in records if r["change"]]
    told = [f.change for f in findings if f.change is not None]
    found = [c for c in told if any(_same(c, r) for r in kept)]
    missed = [f"only the analysis: {change_name(c)}, {instant(c.since)}" for c in told if c not in found]
    alone = [r for r in kept if not any(_same(c, r) for c in changes)]
    words = [f"{r['change']}, {instant(r['since'])}, {r['life']}" for r in alone]
    over = [word for word, r in zip(words, alone, strict=True) if r["life"] == "ended"]
    return Compared([*missed, *(f"only the passes: {word}" for word in words if word not in over)], len(found), over)


def _same(change: Change, record: dict[str, Any]) -> bool:
    """Of levels: an episode is a level shift that went back, and whoever saw its end alone tells of a level shift."""
    slack = max(DAY, change.since_high - change.since_low, record["slack"] or 0)
    kind, _, what = record["change"].partition("|")
    alike = kind == change.kind or {kind, str(change.kind)} <= LEVELS
    edges = [change.since, *([change.until] if change.kind is ChangeKind.EPISODE and change.until else [])]
    return alike and change_name(change).endswith(f"|{what}") and _near(record["since"], edges, slack)


def _joined(spans: Sequence[Span], gap: int) -> list[Span]:
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.since <= joined[-1].until + gap:
            joined[-1] = Span(joined[-1].since, max(joined[-1].until, span.until))
        else:
            joined.append(span)
    return joined


def _near(instant_: int, others: Iterable[int], lag: int) -> bool:
    return any(abs(instant_ - other) <= lag for other in others)
