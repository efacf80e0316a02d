"""``netwatch analyze``: the whole report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Group, Parameter
from cyclopts.validators import Number

from netwatch.cli.choices import OUTPUT, Files, Reading, Watched, options, split
from netwatch.cli.console import print_json, print_prose, print_tallies, progress, stderr, stdout, table
from netwatch.detect import DetectOptions
from netwatch.errors import UsageError
from netwatch.fingerprint import FingerprintOptions
from netwatch.model.finding import Finding, Severity
from netwatch.model.text import day, instant
from netwatch.model.times import parse_width
from netwatch.report import FORMATS, Report
from netwatch.series import SeriesOptions

JUDGING = Group("Judging", sort_key=2)
SHOWN = 15
"""Findings on the terminal; the report has all."""
DAY_NS = 86_400 * 10**9
SEVERITIES = [severity.value for severity in Severity]


def analyze(
    files: Files,
    /,
    *,
    out: Annotated[Path, Parameter(help="Directory for the report.", group=OUTPUT)] = Path("reports"),
    formats: Annotated[tuple[str, ...], Parameter(help=f"Of {', '.join(FORMATS)}.", group=OUTPUT)] = FORMATS,
    bin: Annotated[
        str | None, Parameter(help="Width of a bin: 30s, 5m, 1h, 1d; else by the span.", group=JUDGING)
    ] = None,
    timezone: Annotated[
        str | None, Parameter(help="Zone of the network, such as Asia/Pyongyang.", group=JUDGING)
    ] = None,
    false_alarms: Annotated[
        float, Parameter(help="False point alarms a month to put up with.", group=JUDGING, validator=Number(gt=0))
    ] = 1.0,
    prior: Annotated[
        float, Parameter(help="Chance of a class before any evidence.", group=JUDGING, validator=Number(gt=0, lt=1))
    ] = 1e-4,
    rules: Annotated[tuple[Path, ...], Parameter(help="Directories of further rules.", group=JUDGING)] = (),
    show_wallets: Annotated[bool, Parameter(help="Wallets and worker names in full.", group=JUDGING)] = False,
    fail_on: Annotated[
        Literal["never", "info", "low", "medium", "high"],
        Parameter(help="Exit with 1 if there is a finding at or above this severity.", group=OUTPUT),
    ] = "never",
    json: Annotated[bool, Parameter(help="Findings as JSON lines on stdout.", group=OUTPUT)] = False,
    quiet: Annotated[bool, Parameter(help="Only what was asked for; no tally, no progress.", group=OUTPUT)] = False,
    watched: Watched | None = None,
    reading: Reading | None = None,
) -> int:
    """How much, did it jump, and what made it jump: the whole report.

    Writes report.pdf, report.html, report.json, a PNG per figure and CSV tables; prints the findings.

    For example:
        netwatch analyze captures/three-years --asn AS131279 --out reports/

        netwatch analyze feb.pcap.gz exports/ --prefix 175.45.176.0/22
    """
    from netwatch.pipeline import analyze as run_analysis
    from netwatch.report import check_writable, write

    wanted = split(formats)
    for name in wanted:
        if name not in FORMATS:
            raise UsageError.unknown("report format", name, FORMATS)
    chosen = replace(
        options(watched, reading),
        series=SeriesOptions(bin=None if bin is None else parse_width(bin) / 1e9),
        detect=DetectOptions(false_alarms_per_month=false_alarms, timezone=timezone),
        fingerprint=FingerprintOptions(prior=prior, rules=rules, show_wallets=show_wallets),
    )
    check_writable(out)
    with progress(quiet=quiet) as advance:
        report = run_analysis(files, chosen, advance)
    written = write(report, out, wanted)
    if json:
        for finding in report.findings:
            print_json(_line(finding))
    elif not quiet:
        _show(report, written)
    if not quiet:
        print_tallies(report.tallies, stderr())
    if fail_on != "never" and any(SEVERITIES.index(f.severity) >= SEVERITIES.index(fail_on) for f in report.findings):
        return 1
    return 4 if any(tally.incomplete for tally in report.tallies) else 0


def _show(report: Report, written: list[Path]) -> None:
    out = stdout()
    from netwatch.report import nothing_found

    window = f", {day(report.since)} to {day(report.until)}" if report.series.bins.count else ""
    out.print(f"{report.subject}{window}", style="bold", markup=False)
    for question, words in report.answer:
        out.print()
        out.print(question, style="bold", markup=False)
        print_prose(words)
    out.print()
    if report.findings:
        brief = day if report.until - report.since >= DAY_NS else _time
        gravest = sorted(report.findings, key=lambda f: -SEVERITIES.index(f.severity))
        rows = [(f.severity, f.kind, brief(f.since), f.title) for f in gravest[:SHOWN]]
        out.print(table(("severity", "kind", "since", "finding"), rows))
        if len(report.findings) > SHOWN:
            out.print(f"and {len(report.findings) - SHOWN} more in the report")
    else:
        out.print(nothing_found(report), markup=False)
    out.print()
    for path in written:
        if path.suffix in (".pdf", ".html", ".json"):
            out.print(str(path), markup=False)
    rest = sum(path.suffix in (".png", ".csv") for path in written)
    if rest:
        out.print(f"and {rest} figures and tables beside them")


def _time(nanoseconds: int) -> str:
    return instant(nanoseconds)[11:19]


def _line(finding: Finding) -> dict[str, object]:
    return {
        "id": finding.identity,
        "kind": finding.kind,
        "severity": finding.severity,
        "title": finding.title,
        "since": instant(finding.since),
        "until": None if finding.until is None else instant(finding.until),
        "subject": finding.subject,
        "words": finding.words,
    }
