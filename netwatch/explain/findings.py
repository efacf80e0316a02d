"""``explain``: what a person is told, from changes, verdicts and the flows behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netwatch.explain.conditions import condition_findings
from netwatch.explain.options import ExplainOptions
from netwatch.explain.threats import threat_findings
from netwatch.explain.volume import Ground, volume_findings
from netwatch.model.change import Change
from netwatch.model.finding import Finding, Severity
from netwatch.model.series import SeriesSet
from netwatch.model.verdict import Verdict

_KINDS = ("mining", "attack", "volume", "upstream", "rhythm", "quality")


def explain(
    series: SeriesSet, changes: Sequence[Change], verdicts: Sequence[Verdict], flows: Any, options: ExplainOptions
) -> list[Finding]:
    """All findings of a run, the most severe first, then by kind and time.

    ``flows`` is the Ibis table of stored flows with the columns of ``FLOW``, ``SCOPED`` and ``JUDGED``.
    """
    findings = [
        *volume_findings(Ground(series, changes, flows, options)),
        *threat_findings(verdicts),
        *condition_findings(changes, series),
    ]
    severities = [*Severity]
    return sorted(
        findings,
        key=lambda f: (-severities.index(f.severity), _KINDS.index(f.kind), f.since, f.subject, f.title),
    )
