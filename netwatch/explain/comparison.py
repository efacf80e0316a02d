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


def decompose(
    flows: Any, windows: Windows, by: Sequence[str], counter: str = "octets", verdicts: Sequence[Verdict] = ()
) -> Composition:
    """The change of a counter between two windows, split over the values of one or several dimensions, or, by "causes",
    over the fewest cells of several dimensions at once.

    ``flows`` is an Ibis table of stored flows; ``verdicts`` tell the floods that dimension "episode" splits by. Raises:
        UsageError: no such counter or dimension, one beside "causes", or nothing was observed in a window.
    """
    check_dimensions(by)
    for side, (spans, seconds) in enumerate(zip(windows[:2], windows.seconds, strict=True)):
        if not seconds > 0:
            told = f"{instant(spans[0][0])}..{instant(spans[-1][1])}"
            raise UsageError(f"nothing was observed in the window {('before', 'after')[side]}, {told}")
    if "episode" in by:
        flows = marked(flows, threat_findings(verdicts))
    compared = once(flows, windows)
    if list(by) == [NAME]:
        return split_by_causes(compared, counter, ExplainOptions())
    return split(compared, by, counter, ExplainOptions())
