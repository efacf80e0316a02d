"""Findings about netwatch itself: no flows arrive any more, or too many units are lost on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netwatch.config import HealthOptions
from netwatch.model.finding import Severity
from netwatch.model.tally import Tally
from netwatch.model.text import count, duration, instant, percent
from netwatch.monitor.sighting import Sighting

SECOND = 10**9
SUBJECT = "netwatch"
READING = ("read", "exports")
"""Stages that count what arrived and what is known to be lost: packets and records of files, and exporters' records."""


def sightings(health: HealthOptions, newest: int, said: int, tallies: Iterable[Tally]) -> Iterator[Sighting]:
    """What this pass shows about the monitoring; ``newest``: end of the newest flow, ``said``: the clock, both ns."""
    silence = said - newest
    if newest and silence > health.stalled * SECOND:
        yield Sighting(
            "netwatch-stalled", "quality", str(Severity.MEDIUM), f"No flows since {instant(newest)}",
            [f"The newest flow in the store ended {duration(silence)} before this pass; more than "
             f"{duration(health.stalled * SECOND)} is not expected.",
             "What happens on the network meanwhile is not seen. Look at the exporters and at the spools."],
            newest, None, SUBJECT, figures={"seconds": silence / SECOND},
        )  # fmt: skip
    read = [tally for tally in tallies if tally.stage in READING]
    lost, arrived = sum(t.lost for t in read), sum(t.seen for t in read)
    if lost and lost / (lost + arrived) >= health.loss:
        yield Sighting(
            "netwatch-loss", "quality", str(Severity.LOW), f"{percent(lost / (lost + arrived))} of the input was lost",
            [f"{count(lost)} packets or records exist and never arrived, beside {count(arrived)} that did.",
             "Volumes are too low by about as much. Look at the exporters' load and the collector's buffers."],
            newest, None, SUBJECT, figures={"lost": lost, "arrived": arrived},
        )  # fmt: skip
