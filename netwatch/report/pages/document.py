"""The order of the pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from netwatch.report.choice import ALWAYS, SECTIONS, main_series
from netwatch.report.clock import Clock
from netwatch.report.figures import Drawing
from netwatch.report.figures.rhythm import SHORTEST
from netwatch.report.pages import method, summary, tables, verdicts, volume
from netwatch.report.pages.blocks import Block, Document, Section, bullets, text
from netwatch.report.report import Report


def compose(
    report: Report, drawings: Mapping[str, Drawing], clock: Clock, sections: Collection[str] = SECTIONS
) -> Document:
    """The document that HTML and PDF set; ``drawings`` by name, those missing had nothing to draw.

    ``sections``: those wanted; :data:`ALWAYS` are there in any case.
    """

    def figure(name: str) -> list[Block]:
        if name not in drawings:
            return []
        drawing = drawings[name]
        return [Block("figure", drawing.caption, name=name, alternative=drawing.alternative)]

    wanted = {*ALWAYS, *sections}
    credit = [bullets(report.attribution)] if report.attribution else [text("No source asks for attribution.")]
    parts: list[tuple[str, str, list[Block]]] = [
        (
            "Summary",
            "summary",
            [
                *summary.answer(report),
                *figure("volume"),
                *summary.first_findings(report, clock),
                summary.key_numbers(report, clock),
                *([] if report.answer else [summary.quality(report)]),
            ],
        ),
        ("Volume over time", "volume", [*figure("counters"), *volume.changes(report, clock)]),
        ("What the change is made of", "composition", volume.composition(report, figure("composition"))),
        ("Traffic by class", "classes", figure("classes") or [text("No traffic was classified.")]),
        ("Rhythm of the week", "rhythm", figure("rhythm")),
        ("When there was mining or an attack", "episodes", figure("episodes")),
        ("Mining", "mining", verdicts.mining(report, clock)),
        ("Attacks", "attacks", verdicts.attacks(report, clock)),
        ("Networks, hosts and ports", "tops", [*figure("networks"), *tables.tops(report)]),
        ("Findings", "findings", tables.findings(report, clock)),
        ("Method", "method", method.method(report, clock)),
        ("Inputs", "inputs", method.inputs(report, clock)),
        (
            "What this answer does not rest on",
            "account",
            [*_left_out(report, drawings, wanted), *method.account(report)],
        ),
        ("Attribution", "attribution", credit),
    ]
    filled = [(title, anchor, tuple(blocks)) for title, anchor, blocks in parts if blocks]
    chosen = tuple(Section(*part) for part in filled if part[1] in wanted)
    version = report.versions.get("netwatch", "")
    footer = f"netwatch {version}".strip() + " · octets are layer-3 octets · rates bit/s, volumes bytes (SI)"
    window = "no time observed" if main_series(report) is None else clock.span(report.since, report.until)
    return Document(report.title, report.subject, window, footer, chosen)


def _left_out(report: Report, drawings: Mapping[str, Drawing], wanted: Collection[str]) -> list[Block]:
    """Sections that are wanted and that this report does not have, and why."""
    missing = []
    if "composition" in wanted and not any(c.shares for f in report.findings for c in f.compositions):
        missing.append("No change was split into its parts: there was none, or one side of it was not observed.")
    if "rhythm" in wanted and "rhythm" not in drawings:
        short = "The window is shorter than two weeks: the rhythm of the week cannot be told from it."
        seldom = "The window holds no change on both sides of which hours of the week were observed."
        missing.append(short if report.until - report.since < SHORTEST else seldom)
    return [bullets(missing)] if missing else []
