"""``explain``: what a person is told, from changes, verdicts and the flows behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netwatch.explain.attribution import joined, without_parts_of
from netwatch.explain.conditions import condition_findings, gaps_together
from netwatch.explain.options import ExplainOptions
from netwatch.explain.order import rank
from netwatch.explain.overall import overall_finding
from netwatch.explain.threats import threat_findings
from netwatch.explain.volume import Ground, volume_findings
from netwatch.explain.words import Names
from netwatch.model.change import Change
from netwatch.model.finding import Finding
from netwatch.model.series import SeriesSet
from netwatch.model.verdict import Verdict

_NAMELESS = Names()


def explain(
    series: SeriesSet,
    changes: Sequence[Change],
    verdicts: Sequence[Verdict],
    flows: Any,
    options: ExplainOptions,
    names: Names = _NAMELESS,
) -> list[Finding]:
    """All findings of a run in the order of :func:`netwatch.explain.order.rank`.

    ``flows`` is the Ibis table of stored flows with the columns of ``FLOW``, ``SCOPED`` and ``JUDGED``.
    """
    threats = threat_findings(verdicts)
    distinct = _distinct(changes, series)
    ground = Ground(series, without_parts_of(distinct, threats), flows, options, names, threats)
    overall = overall_finding(ground)
    rest, gaps = gaps_together(distinct)
    findings = [
        *([] if overall is None else [overall]),
        *joined(volume_findings(ground), threats),
        *gaps,
        *condition_findings(rest, series, names),
    ]
    return sorted(findings, key=rank)


def _distinct(changes: Sequence[Change], series: SeriesSet) -> list[Change]:
    """The changes without those of a watch group that is all there is: they are those of the whole."""
    alone = len(series.of("watch", "octets")) <= 1
    return [c for c in changes if not (alone and c.entity.kind == "watch")]
