"""What is told of real networks' series, with a figure of each to look at.

python benchmarks/real_networks.py [folder for figures]

Abilene (SNDlib, 5 min, 13 and 3 days with a hole of 19), GEANT (SNDlib, 15 min, 3 days), one address of
CESNET-TimeSeries24 (hourly, 40 weeks), and a server's outgoing traffic (5 min, 61 days, with operators' labels).
"""

from __future__ import annotations

import csv
import gzip
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from netwatch.detect import DetectOptions, baseline, detect
from netwatch.model.change import Change, ChangeKind
from netwatch.model.series import Bins, Entity, Series, SeriesSet

SHARED = Path(__file__).parents[2] / "shared" / "series"
SECOND = 10**9
POINTS = (ChangeKind.SPIKE, ChangeKind.DROP)
ZONES = {"abilene": "America/Chicago", "geant": "Europe/Brussels", "cesnet": "Europe/Prague", "server": "Asia/Shanghai"}
PAIRS = 5


def rows(path: Path) -> tuple[list[str], list[list[str]]]:
    """Head and rows of a CSV, in gzip or not."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        head, *rest = csv.reader(file)
    return head, rest


def gridded(times: np.ndarray, width: int, columns: dict[tuple[Entity, str], np.ndarray]) -> SeriesSet:
    """Series in bins of ``width`` seconds; what is not there is a gap."""
    bins = Bins(int(times[0]) * SECOND, width * SECOND, int(times[-1] - times[0]) // width + 1)
    at = ((times - times[0]) // width).astype(int)
    made = SeriesSet(bins)
    for (entity, counter), values in columns.items():
        whole = np.full(bins.count, np.nan)
        whole[at] = values
        seen = (~np.isnan(whole)).astype(float)
        sampling = np.where(seen > 0, 1.0, np.nan)
        made.series[entity, counter] = Series(entity, counter, bins, whole, seen, np.zeros(bins.count), sampling)
    return made


def demands(path: Path, width: int) -> SeriesSet:
    """A matrix of demands in Mbit/s: the total, and the greatest pairs; a total of 0 is a gap."""
    head, body = rows(path)
    times = np.array([np.datetime64(row[0].replace(" ", "T"), "s").astype(int) for row in body])
    table = np.array([[float(v) if v else np.nan for v in row[1:]] for row in body]) * 1e6 / 8 * width
    table[table[:, 0] == 0] = np.nan
    first = int(np.flatnonzero(~np.isnan(table[:, 0]))[0])
    greatest = 1 + np.argsort(-np.nansum(table[:, 1:], axis=0), kind="stable")[:PAIRS]
    columns = {(Entity("scope", "all"), "octets"): table[first:, 0]}
    columns |= {(Entity("prefix", head[1 + i]), "octets"): table[first:, i] for i in greatest}
    return gridded(times[first:], width, columns)


def networks() -> Iterator[tuple[str, SeriesSet, list[int]]]:
    """Name, series, labelled instants (s)."""
    place = SHARED / "networks"
    yield "abilene", demands(place / "abilene_5min_17days.csv.gz", 300), []
    yield "geant", demands(place / "geant_15min_324.csv.gz", 900), []
    stamps = dict(rows(place / "cesnet_ts24_times_1_hour.csv")[1])
    head, body = rows(place / "cesnet_ts24_ip103_hourly.csv")
    times = np.array([np.datetime64(stamps[row[0]][:19].replace(" ", "T"), "s").astype(int) for row in body])
    counters = {"octets": "n_bytes", "packets": "n_packets", "flows": "n_flows"}
    scope = Entity("scope", "all")
    columns = {(scope, c): np.array([float(row[head.index(name)]) for row in body]) for c, name in counters.items()}
    yield "cesnet", gridded(times, 3600, columns), []
    _, body = rows(SHARED / "labelled" / "server_res_eth1out_curve_6.csv")
    times, values = np.array([int(row[0]) for row in body]), np.array([float(row[1]) for row in body])
    marked = [int(row[0]) for row in body if row[2] == "1"]
    yield "server", gridded(times, 300, {(scope, "octets"): values * 1e6}), marked


def _line(change: Change) -> str:
    since, until = (str(np.datetime64(t, "ns"))[:16] if t else "end".ljust(16) for t in (change.since, change.until))
    ratio = f"{change.ratio:6.2f} ({change.ratio_low:.2f}-{change.ratio_high:.2f})"
    channel = change.facts.get("channel", "")
    return f"  {change.kind:14} {change.entity.value:16} {change.counter:8} {since} {until} {ratio:22} {channel}"


def _figure(made: SeriesSet, changes: list[Change], options: DetectOptions, path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(16, 3 * len(made.series)))
    for axes, one in zip(np.atleast_1d(figure.subplots(len(made.series), 1)), made.series.values(), strict=True):
        times = (one.bins.start + one.bins.width * np.arange(one.bins.count)).astype("datetime64[ns]")
        base = baseline(one, options)
        axes.fill_between(times, base.low, base.high, color="0.85")
        axes.plot(times, one.values, lw=0.6)
        axes.set_yscale("log")
        axes.set_title(f"{one.entity.value} {one.counter}", fontsize=8)
        for c in changes:
            if (c.entity, c.counter) == (one.entity, one.counter):
                end = c.until or one.bins.end
                color = "tab:red" if c.kind in POINTS else "tab:green"
                axes.axvspan(np.datetime64(c.since, "ns"), np.datetime64(end, "ns"), color=color, alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=60)


def main() -> None:
    """Print and draw what is told."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    for name, made, marked in networks():
        options = DetectOptions(timezone=ZONES[name])
        changes = detect(made, options)
        months = made.bins.count * made.bins.width / (30.44 * 86_400 * SECOND)
        print(f"{name}: {len(made.series)} series, {months:.1f} months, {len(changes)} told")
        for change in changes:
            print(_line(change))
        if marked:
            instants = np.array(marked) * SECOND
            hit = [c for c in changes if c.kind in POINTS and np.any((instants >= c.since - 600 * SECOND)
                   & (instants < (c.until or c.since) + 600 * SECOND))]  # fmt: skip
            print(f"  {len(hit)} of {sum(c.kind in POINTS for c in changes)} points within 10 min of a label")
        if folder:
            _figure(made, changes, options, folder / f"{name}.png")


if __name__ == "__main__":
    main()
