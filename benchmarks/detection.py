"""Speed of the detection: all detectors over many long series, and one online step.

python benchmarks/detection.py [series] [days] [bin seconds]

Every series is another one (its own seed; half national, half small; every tenth counts flows, every tenth peers), made
and held as float64. CPU seconds are of the whole process, user and system, without making the series; the peak is its
resident memory in all.
"""

from __future__ import annotations

import os
import resource
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does

import numpy as np
from networks import network

from netwatch.detect import DetectOptions, advance, detect, learn
from netwatch.model.series import Entity, Series, SeriesSet

ZONE = "Europe/Berlin"


def made(count: int, days: int, width: int) -> SeriesSet:
    """The series, under one set of bins, coverage and sampling."""
    whole = SeriesSet(network("null", "national", 0, days=days, width=width)[0].bins)
    ones, zeros = np.ones(whole.bins.count), np.zeros(whole.bins.count)
    for i in range(count):
        kind = ("null", "step3", "ramp3", "outage", "spike")[i % 5]
        one = next(iter(network(kind, ("national", "small")[i % 2], i, days=days, width=width)[0].series.values()))
        entity = Entity("scope", "all") if not i else Entity("asn", f"AS{64496 + i}")
        counter = {8: "flows", 9: "peers"}.get(i % 10, "octets")
        values = np.nan_to_num(one.values, nan=float(np.nanmedian(one.values)))
        values = values if counter == "octets" else np.round(values / 1e6)
        whole.series[entity, counter] = Series(entity, counter, whole.bins, values, ones, zeros, ones)
    return whole


def used() -> float:
    """CPU seconds so far, of this process and of its children."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def peak() -> float:
    """Resident memory at its most, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> None:
    """Prints both figures."""
    count, days, width = [int(a) for a in sys.argv[1:]] + [200, 1095, 300][len(sys.argv) - 1 :]
    options = DetectOptions(timezone=ZONE)
    detect(made(10, 200, 3600), options)  # compiles
    series = made(count, days, width)
    before, began = used(), time.perf_counter()
    found = detect(series, options)
    cpu, wall = used() - before, time.perf_counter() - began
    print(f"{count} series x {series.bins.count:,} bins: {cpu:.1f} CPU s, {wall:.1f} s, peak {peak():.2f} GB")
    print(f"{len(found)} changes")
    one = next(iter(series.series.values()))
    per = 86_400 // width
    carried = learn(one.part(0, 63 * per), options, count)
    if carried is not None:
        bins = range(63 * per, min(one.bins.count, 63 * per + 2000))
        before = used()
        for at in bins:
            carried, _ = advance(carried, one.values[at : at + 1], one.coverage[at : at + 1])
        print(f"one online step: {(used() - before) / len(bins) * 1e3:.3f} CPU ms")


if __name__ == "__main__":
    main()
