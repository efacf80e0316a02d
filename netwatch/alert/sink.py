"""What a sink is, and the table of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from netwatch.alert.options import SinkOptions
from netwatch.model.notice import Notice
from netwatch.registry import Registry


class Sink(Protocol):
    """A place where notices go, opened for one pass.

    ``paced``: whether people read it, so that rate, digest, quiet hours and cool-down hold; machines get everything.
    """

    paced: bool

    def __init__(self, options: SinkOptions) -> None:
        """Take the options; nothing is opened or sent yet.

        Raises:
            UsageError: the sink cannot work as configured.

        """

    def send(self, notices: Sequence[Notice]) -> None:
        """Tell all of these, as one message where people read it; on return the receiver has them.

        Machine sinks leave out what they already hold by the notice's ``key``, so a repeat does no harm.

        Raises:
            OutputError: nothing of it is to be taken as told.

        """


SINKS: Registry[type[Sink]] = Registry(
    "sink",
    {
        "eve": "netwatch.alert.eve:EveSink",
        "ecs": "netwatch.alert.ecs:EcsSink",
        "stix": "netwatch.alert.stix:StixSink",
        "misp": "netwatch.alert.misp:MispSink",
        "apprise": "netwatch.alert.people:AppriseSink",
    },
)
