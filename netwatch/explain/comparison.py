"""Two windows compared on request: the change of a counter split by what is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netwatch.errors import UsageError
from netwatch.explain.causes import NAME, split_by_causes
from netwatch.explain.cells import once
from netwatch.explain.decomposition import split
from netwatch.explain.dimensions import chosen
from netwatch.explain.episodes import marked
from netwatch.explain.options import ExplainOptions
from netwatch.explain.threats import threat_findings
from netwatch.explain.windows import Windows
from netwatch.model.finding import Composition
from netwatch.model.text import instant
from netwatch.model.verdict import Verdict


def check_dimensions(by: Sequence[str]) -> None:
    """That a split by these can be asked for, before anything is read.

    Raises:
        UsageError: it cannot.
    """
    if list(by) != [NAME]:
        if NAME in by:
            raise UsageError(f"{NAME!r} is a split by itself: it is over several dimensions already")
        chosen(by)


def _span(flows: Any) -> str:
    """When the first flow begins and the last one ends, in words."""
    ends = flows.aggregate(first=flows.flow_start.min(), last=flows.flow_end.max()).to_pyarrow()
    first, last = (ends.column(name).cast("int64")[0].as_py() for name in ("first", "last"))
    return f"{instant(first * 1000)}..{instant(last * 1000)}"


def decompose(
    flows: Any, windows: Windows, by: Sequence[str], counter: str = "octets", verdicts: Sequence[Verdict] = ()
) -> Composition:
    """The change of a counter between two windows, split over the values of one or several dimensions, or, by "causes",
    over the fewest cells of several dimensions at once.

    ``flows`` is an Ibis table of stored flows; ``verdicts`` tell the floods that dimension "episode" splits by. Raises:
        UsageError: no such counter or dimension, one beside "causes", or nothing was observed in a window.
    """
    check_dimensions(by)
    if not flows.count().to_pyarrow().as_py():
        raise UsageError("nothing was observed: there are no flows to compare")
    for side, (spans, seconds) in enumerate(zip(windows[:2], windows.seconds, strict=True)):
        if not seconds > 0:
            told = f"{instant(spans[0][0])}..{instant(spans[-1][1])}"
            name = ("before", "after")[side]
            raise UsageError(f"nothing was observed in the window {name}, {told}; the flows are of {_span(flows)}")
    if "episode" in by:
        flows = marked(flows, threat_findings(verdicts))
    compared = once(flows, windows)
    if list(by) == [NAME]:
        return split_by_causes(compared, counter, ExplainOptions())
    return split(compared, by, counter, ExplainOptions())
