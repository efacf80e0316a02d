"""``netwatch monitor``: one pass after another, by cron or a systemd timer."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from netwatch.cli.choices import OUTPUT
from netwatch.cli.console import print_json, print_tallies, stderr, stdout
from netwatch.model.text import count, duration, printable
from netwatch.model.times import parse_width

LIMITS = Group("Limits: from where on it is a warning, and critical", sort_key=1)
Config = Annotated[Path, Parameter(help="The configuration file.")]


def run(
    *,
    config: Config = Path("netwatch.toml"),
    engine: Annotated[
        str | None, Parameter(help="duckdb, or a Spark master such as spark://host:7077; else as configured.")
    ] = None,
    json: Annotated[bool, Parameter(help="The summary of the pass as JSON on stdout.", group=OUTPUT)] = False,
    quiet: Annotated[bool, Parameter(help="Only what went wrong, on stderr.", group=OUTPUT)] = False,
) -> int:
    """Do one pass and end: ingest what is new, judge it, tell what is found.

    For example:
        netwatch monitor --config /etc/netwatch/netwatch.toml

        netwatch monitor --engine spark://head:7077
    """
    from netwatch.config import load
    from netwatch.monitor.one_pass import run_pass

    options = load(config)
    passed = run_pass(options if engine is None else replace(options, engine=engine))
    summary = passed.summary
    for fault in summary.faults:
        print(f"netwatch: {printable(fault, 500)}", file=sys.stderr)
    if json:
        print_json(summary.as_json())
    elif not quiet:
        told = f"{count(sum(summary.findings.values()))} open findings, {count(summary.notices_sent)} notices sent"
        stdout().print(
            f"{count(summary.inputs_ingested)} of {count(summary.inputs_seen)} inputs ingested, "
            f"{count(summary.inputs_waiting)} still being written, {count(summary.inputs_quarantined)} set aside; "
            f"{count(summary.flows)} flows in {duration(summary.ended - summary.started)}; {told}",
            markup=False,
        )
        print_tallies(passed.tallies, stderr())
    return 0


def install(
    *,
    config: Config = Path("netwatch.toml"),
    print_only: Annotated[bool, Parameter(name="--print", help="Print, write nothing.", group=OUTPUT)] = False,
    directory: Annotated[Path, Parameter(help="Where systemd looks for units.", group=OUTPUT)] = Path(
        "/etc/systemd/system"
    ),
) -> None:
    """Print a line for cron and units for systemd, or write the units.

    For example:
        netwatch monitor install --print --config /etc/netwatch/netwatch.toml
    """
    from netwatch.config import load
    from netwatch.monitor.install import cron_line, install_units, units

    load(config)
    program = shutil.which("netwatch") or str(Path(sys.executable).with_name("netwatch"))
    place = config.resolve()
    if not print_only:
        for path in install_units(program, place, directory):
            print(path)
        print("now: systemctl daemon-reload && systemctl enable --now netwatch.timer", file=sys.stderr)
        return
    print("# crontab -e\n" + cron_line(program, place))
    for name, text in units(program, place).items():
        print(f"\n# {directory / name}\n{text}", end="")


def check(
    *,
    config: Config = Path("netwatch.toml"),
    age: Annotated[tuple[str, str], Parameter(help="Of the last success.", group=LIMITS)] = ("15m", "1h"),
    lag: Annotated[tuple[str, str], Parameter(help="Of the newest flow.", group=LIMITS)] = ("1h", "6h"),
    loss: Annotated[tuple[float, float], Parameter(help="Percent of the units.", group=LIMITS)] = (1.0, 10.0),
    quarantined: Annotated[tuple[int, int], Parameter(help="Inputs set aside.", group=LIMITS)] = (1, 100),
) -> int:
    """The state of the monitor as Nagios and Icinga plug-ins tell it: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.

    For example:
        netwatch monitor check --config /etc/netwatch/netwatch.toml

        netwatch monitor check --age 2h 1d --lag 1d 2d
    """
    import time

    from netwatch.config import load
    from netwatch.errors import NetwatchError
    from netwatch.monitor.check import UNKNOWN, CheckLimits
    from netwatch.monitor.check import check as judge
    from netwatch.monitor.one_pass import last_summary

    try:
        limits = CheckLimits(_seconds(age), _seconds(lag), (loss[0] / 100, loss[1] / 100), quarantined)
        status, line = judge(last_summary(load(config).state), limits, time.time_ns())
    except NetwatchError as fault:
        status, line = UNKNOWN, f"NETWATCH UNKNOWN - {printable(str(fault), 500)}"
    print(line)
    return status


def _seconds(widths: tuple[str, str]) -> tuple[float, float]:
    warning, critical = (parse_width(width) / 1e9 for width in widths)
    return warning, critical
