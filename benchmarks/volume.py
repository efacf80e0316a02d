"""Measures the detection of volume changes: synthetic networks, real change points, speed.

python benchmarks/volume.py synthetic [first seed] [seeds] [bin seconds] [regime ...] [kind ...]
python benchmarks/volume.py peers [first seed] [seeds] [regime ...]
python benchmarks/volume.py tcpd
python benchmarks/volume.py speed [series]
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
from networks import KINDS, Truth, network, zone_of
from peers import Peer, filled, installed, logs

from netwatch.detect import DetectOptions, detect
from netwatch.detect.pieces import pieces
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Entity, Series, SeriesSet

ZONE = "Europe/Berlin"
DAY = 86_400 * 10**9
REGIMES = ("national", "small")
LEVELS = (ChangeKind.LEVEL_SHIFT, ChangeKind.EPISODE, ChangeKind.RAMP)
POINTS = (ChangeKind.SPIKE, ChangeKind.DROP)
SHARED = Path(__file__).parents[2] / "shared" / "series"


def hits(change: Change, truth: Truth) -> bool:
    """Whether a change tells the truth: the right kind of thing within 14 days (a point: within 6 h)."""
    end = truth.until or truth.since
    if truth.kind in ("step3", "up30", "down30"):
        return change.kind == ChangeKind.LEVEL_SHIFT and abs(change.since - truth.since) < 14 * DAY
    if truth.kind == "ramp3":
        overlap = change.since < end and (change.until or 1 << 62) > truth.since
        return change.kind == ChangeKind.RAMP and overlap and change.ratio > 1.8
    if truth.kind == "weeks40":
        return change.kind == ChangeKind.EPISODE and abs(change.since - truth.since) < 14 * DAY
    if truth.kind in ("spike", "elephant", "outage"):
        kind = ChangeKind.DROP if truth.kind == "outage" else ChangeKind.SPIKE
        return change.kind == kind and change.since < end + DAY // 4 and (change.until or 0) > truth.since - DAY // 4
    return False


def synthetic(first: int, seeds: int, width: int, names: list[str]) -> None:
    """Table 1."""
    print(f"seeds {first}-{first + seeds - 1}, three years of {width} s bins, budget 1 point alarm a month")
    print("regime    kind      hits  date error d  date held  ratio error  ratio held  other levels/yr  points/month")
    kinds = [name for name in names if name in KINDS] or KINDS
    for regime in [name for name in names if name not in KINDS] or REGIMES:
        totals = np.zeros(3)
        for kind in kinds:
            options = DetectOptions(timezone=zone_of(kind))
            found, others, points, months = [], 0, 0, 0.0
            for seed in range(first, first + seeds):
                made, truth = network(kind, regime, seed, width=width)
                changes = detect(made, options)
                good = [c for c in changes if hits(c, truth)]
                found += [(good[0], truth)] if good else []
                others += sum(c.kind in LEVELS and c not in good for c in changes)
                points += sum(c.kind in POINTS and c not in good for c in changes)
                months += made.bins.count * width / (30.44 * 86_400)
            totals += (others, points, months)
            date = np.median([abs(c.since - t.since) / DAY for c, t in found]) if found else np.nan
            error = np.median([abs(c.ratio / t.ratio - 1) for c, t in found]) if found else np.nan
            dated = sum(c.since_low <= t.since <= c.since_high for c, t in found)
            held = sum(c.ratio_low <= t.ratio <= c.ratio_high for c, t in found)
            print(
                f"{regime:9} {kind:9} {len(found):2}/{seeds:<3} {date:10.2f} {dated:8}/{len(found):<3} "
                f"{error:10.3f} {held:8}/{len(found):<3}"
                f"{others / months * 12:14.3f} {points / months:13.2f}",
                flush=True,
            )
        print(
            f"{regime:9} all: {totals[0] / totals[2] * 12:.3f} other levels/yr, "
            f"{totals[1] / totals[2]:.2f} points/month"
        )


LEVEL_KINDS = ("step3", "up30", "down30", "ramp3", "weeks40")
POINT_KINDS = ("spike", "outage", "elephant")


def peers(first: int, seeds: int, regimes: list[str]) -> None:
    """Table 1 for the peers: levels on days, points on hours; a hit is any change at the time, whatever its size."""
    kinds = ("null", *LEVEL_KINDS, *POINT_KINDS, "gap")
    print(
        f"seeds {first}-{first + seeds - 1}; found of {seeds} a kind; false: a year and series, all {len(kinds)} kinds"
    )
    for peer in installed():
        for regime in regimes:
            found, false, began = dict.fromkeys(kinds, 0), 0, time.process_time()
            for kind in kinds:
                for seed in range(first, first + seeds):
                    made, truth = network(kind, regime, seed)
                    good, rest = _judged(peer, next(iter(made.series.values())), truth)
                    found[kind] += good
                    false += rest
            told = LEVEL_KINDS if peer.scale == 1 else POINT_KINDS
            hit = "  ".join(f"{kind} {found[kind]}" for kind in told)
            runs = seeds * len(kinds)
            spent = (time.process_time() - began) / runs
            print(f"{peer.name:24} {regime:9} {hit:60} false {false / runs / 3:7.2f}  {spent:.2f} CPU s", flush=True)


def _judged(peer: Peer, series: Series, truth: Truth) -> tuple[bool, int]:
    """Whether a peer tells the truth, and how much else it tells."""
    width, step = series.bins.width // 10**9, DAY // peer.scale
    places = peer.seek(logs(series.values, width, peer.scale))
    times = series.bins.start + np.array(places, np.int64) * step
    slack = 14 * DAY if peer.scale == 1 else DAY // 4
    end = truth.until or truth.since
    near = np.abs(times - truth.since) < slack
    if truth.kind == "ramp3" or peer.scale == 24:
        near |= (times > truth.since - slack) & (times < end + slack)
    real = truth.kind in (LEVEL_KINDS if peer.scale == 1 else POINT_KINDS)
    own = near | (np.abs(times - end) < slack) if real else np.zeros(len(times), bool)
    return bool(near.any()) and real, int((~own).sum())


def tcpd() -> None:
    """Table 2: pieces, as bins wider than a day have them; logs where all values are positive, as of volumes."""
    sys.path.insert(0, str(SHARED))
    import score

    annotations = json.loads((SHARED / "tcpd" / "annotations.json").read_text())
    rows, series = [], {}
    for name, marks in annotations.items():
        data = json.loads((SHARED / "tcpd" / f"{name}.json").read_text())
        series[name] = x = np.array([np.nan if v is None else v for v in data["series"][0]["raw"]], float)
        places = pieces(np.log(x) if np.nanmin(x) > 0 else x).places
        rows.append((score.tcpd_f1(marks, places), score.covering(marks, places, len(x))))
        rows[-1] += (score.tcpd_f1(marks, []), score.covering(marks, [], len(x)))
        print(
            f"{name:22} F1 {rows[-1][0]:.3f} covering {rows[-1][1]:.3f}   nothing: {rows[-1][2]:.3f} {rows[-1][3]:.3f}"
        )
    means = np.mean(rows, axis=0)
    print("mean of {}: F1 {:.3f} covering {:.3f}; reporting nothing {:.3f} {:.3f}".format(len(rows), *means))
    for peer in (p for p in installed() if p.scale == 1):
        scores = []
        for name, marks in annotations.items():
            found = peer.seek(filled(series[name]))
            scores.append((score.tcpd_f1(marks, found), score.covering(marks, found, len(series[name]))))
        print("{:24} F1 {:.3f} covering {:.3f}".format(peer.name, *np.mean(scores, axis=0)), flush=True)


def speed(count: int) -> None:
    """Table 6: one 3-year series of 5-min bins under many names."""
    made, _ = network("step3", "national", 1, width=300)
    only = next(iter(made.series.values()))
    many = SeriesSet(made.bins)
    for i in range(count):
        entity = Entity("asn", f"AS{64496 + i}")
        many.series[entity, "octets"] = Series(
            entity, "octets", made.bins, only.values, only.coverage, only.variance, only.sampling
        )
    detect(made, DetectOptions(timezone=ZONE))  # compiles
    began = time.process_time()
    detect(many, DetectOptions(timezone=ZONE))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{count} series x {made.bins.count:,} bins: {time.process_time() - began:.1f} CPU s, peak {peak:.2f} GB")


if __name__ == "__main__":
    what, numbers = sys.argv[1], [int(a) for a in sys.argv[2:] if a.isdigit()]
    names = [a for a in sys.argv[2:] if not a.isdigit()]
    if what == "synthetic":
        synthetic(*(numbers + [300, 20, 3600][len(numbers) :]), names)
    elif what == "peers":
        peers(*(numbers + [300, 5][len(numbers) :]), names or list(REGIMES))
    elif what == "tcpd":
        tcpd()
    else:
        speed(*(numbers or [200]))
