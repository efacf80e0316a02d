"""Options of telling: which sinks there are, what each is told, and at what pace."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from netwatch.model.finding import Severity
from netwatch.model.notice import Life, Notice

SEVERITIES = tuple(Severity)
"""From the least to the most."""


@dataclass(frozen=True, slots=True)
class Pacing:
    """How often people are told; times of day are those of ``zone`` (a name of the IANA time zone database).

    ``rate``: messages an hour at most, 0 for any number; what is beyond it shares the last message or waits.
    ``digest``: times of day at which what has gathered is told in one message; none: told at once.
    ``quiet``: a time of day to another, over midnight where the second is earlier, in which nothing is told.
    ``urgent``: from this severity on neither digest nor quiet hours hold; None: they hold everything.
    ``cool_down``: seconds in which a finding is not told again unless it became more severe.
    """

    rate: int = 20
    digest: tuple[dt.time, ...] = ()
    quiet: tuple[dt.time, dt.time] | None = None
    zone: str = "UTC"
    urgent: Severity | None = Severity.HIGH
    cool_down: int = 3600


@dataclass(frozen=True, slots=True)
class SinkOptions:
    """One place where notices go: ``name`` as in the configuration, ``kind`` as in ``SINKS``.

    ``minimum``, ``kinds``, ``watches``, ``lives``: what it is told of; an empty tuple is all.
    ``path``: file (``eve``, ``ecs``) or directory (``stix``, ``misp``). ``max_octets``: a file is rotated before it
    would grow beyond; ``keep``: how many rotated ones stay. ``tlp``: the marking of what is made to be shared.
    ``url_env``, ``url_file``: where the secret URLs stand (``apprise``); they are never held in here.
    ``timeout``: seconds that one message may take. ``pacing``: only for sinks that people read.
    """

    name: str
    kind: str
    minimum: Severity = Severity.INFO
    kinds: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()
    lives: tuple[Life, ...] = ()
    path: Path | None = None
    max_octets: int = 100_000_000
    keep: int = 5
    tlp: str = "amber"
    url_env: str = ""
    url_file: Path | None = None
    timeout: int = 20
    pacing: Pacing = field(default_factory=Pacing)

    def unwanted(self, notice: Notice) -> str:
        """Why this sink is not told of a notice, or an empty text."""
        if SEVERITIES.index(notice.severity) < SEVERITIES.index(self.minimum):
            return f"severity below {self.minimum}"
        if self.kinds and notice.kind not in self.kinds:
            return f"findings of kind {notice.kind} are not told here"
        if self.watches and notice.watch not in self.watches:
            return "its watch is not told here"
        if self.lives and notice.life not in self.lives:
            return f"what is {notice.life} is not told here"
        return ""


@dataclass(frozen=True, slots=True)
class AlertOptions:
    """All sinks, in the order of the configuration."""

    sinks: tuple[SinkOptions, ...] = ()
