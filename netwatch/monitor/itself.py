"""Findings about netwatch itself: no flows arrive any more, too many are lost on the way, or a clock is set wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netwatch.config import HealthOptions
from netwatch.model.finding import Severity
from netwatch.model.tally import Tally
from netwatch.model.text import count, duration, instant, percent
from netwatch.monitor.sighting import Sighting
from netwatch.pipeline.increment import TIMES

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
    tallies = list(tallies)
    read = [tally for tally in tallies if tally.stage in READING]
    lost, arrived = sum(t.lost for t in read), sum(t.seen for t in read)
    if lost and lost / (lost + arrived) >= health.loss:
        yield Sighting(
            "netwatch-loss", "quality", str(Severity.LOW), f"{percent(lost / (lost + arrived))} of the input was lost",
            [f"{count(lost)} packets or records exist and never arrived, beside {count(arrived)} that did.",
             "Volumes are too low by about as much. Look at the exporters' load and the collector's buffers."],
            newest, None, SUBJECT, figures={"lost": lost, "arrived": arrived},
        )  # fmt: skip
    timed = [tally for tally in tallies if tally.stage == TIMES]
    strange, flows = sum(t.seen - t.kept for t in timed), sum(t.seen for t in timed)
    if strange and strange / flows >= health.loss:
        yield Sighting(
            "netwatch-times", "quality", str(Severity.LOW),
            f"{percent(strange / flows)} of the flows at times that cannot be",
            [f"{count(strange)} of {count(flows)} flows that arrived lasted more than a week or lie at a time that "
             "cannot be, such as a day after this machine's clock, by what their exporters say. They are not kept.",
             "Look at the clocks of the exporters, and at this machine's."],
            newest, None, SUBJECT, figures={"flows": strange, "arrived": flows},
        )  # fmt: skip
