"""Mail, chat, webhooks, syslog and a hundred more, by the URLs of apprise."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

from netwatch.alert.message import compose
from netwatch.alert.options import SinkOptions
from netwatch.errors import OutputError, UsageError
from netwatch.model.notice import Notice
from netwatch.model.text import printable

_FILE_MOST = 65_536


class AppriseSink:
    """Messages to people by apprise URLs: mail, chat, webhook, syslog; the URLs are secret and never shown."""

    paced = True

    def __init__(self, options: SinkOptions) -> None:
        self.options = options
        self._services = [_service(url, options.name) for url in _secret_urls(options)]
        if not self._services:
            raise UsageError(f"sink {options.name!r}: no URL in {_place(options)}")

    def send(self, notices: Sequence[Notice]) -> None:
        """Send one message to each URL.

        Where some took it and some did not, it counts as told: to repeat it would tell the others twice.
        """
        from apprise import Apprise, NotifyFormat, NotifyType

        text = compose(notices)
        faults = []
        for service in self._services:
            sender = Apprise()
            sender.add(service)
            taken = sender.notify(
                body=text.body, title=text.title, notify_type=NotifyType(text.tone),
                body_format=NotifyFormat.TEXT, interpret_escapes=False, timeout=float(self.options.timeout),
            )  # fmt: skip
            if not taken:
                faults.append(f"{service.service_name}: {_reason(taken)}")
        if len(faults) == len(self._services):
            raise OutputError(f"sink {self.options.name!r}: not accepted ({'; '.join(faults)})")


def _place(options: SinkOptions) -> str:
    return f"the environment variable {options.url_env}" if options.url_env else f"{options.url_file}"


def _secret_urls(options: SinkOptions) -> list[str]:
    """The URLs, one a line; lines that begin with # and empty ones do not count."""
    if options.url_env:
        if (text := os.environ.get(options.url_env)) is None:
            raise UsageError(f"sink {options.name!r}: the environment variable {options.url_env} is not set")
    elif options.url_file is not None:
        try:
            with options.url_file.open(encoding="utf-8") as file:
                text = file.read(_FILE_MOST)
        except (OSError, UnicodeDecodeError) as fault:
            why = fault.strerror if isinstance(fault, OSError) else "not UTF-8"
            raise UsageError(f"sink {options.name!r}: cannot read {printable(str(options.url_file))}: {why}") from None
    else:
        raise UsageError(f"sink {options.name!r}: give either url_env or url_file")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


def _service(url: str, name: str) -> Any:
    try:
        from apprise import Apprise
    except ImportError:
        raise UsageError(
            f"sink {name!r} needs apprise, which is not installed: pip install 'netwatch[monitor]'"
        ) from None
    import logging

    # Its log lines hold URLs and what services answer: they go nowhere, the outcome is told by us.
    logging.getLogger("apprise").propagate = False
    service = Apprise.instantiate(url, suppress_exceptions=True)
    if service is None:
        scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]{0,20}(?=:)", url)
        shown = f"{scheme[0]}:..." if scheme else "..."
        raise UsageError(f"sink {name!r}: apprise does not take its URL ({shown}; the rest is kept secret)")
    return service


def _reason(result: Any) -> str:
    """Why, as far as it can be told without a secret: the status, and an HTTP code where one was logged."""
    for entry in result.logs():
        if match := re.search(r"error[= ](\d{3})\b", entry.message):
            return f"HTTP {match[1]}"
    return "no answer in time" if result.status.name == "TIMEOUT" else "not delivered"
