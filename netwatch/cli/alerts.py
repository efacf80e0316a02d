"""``netwatch alerts``: try out the sinks that the monitor tells."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from netwatch.cli.choices import OUTPUT
from netwatch.cli.console import print_json, stdout, table
from netwatch.cli.monitor import Config


def test(
    *,
    config: Config = Path("netwatch.toml"),
    sink: Annotated[str | None, Parameter(help="Only this sink, by its name in the configuration.")] = None,
    json: Annotated[bool, Parameter(help="JSON lines on stdout.", group=OUTPUT)] = False,
) -> int:
    """Send a notice, marked as a test, to each sink or to one, past filters, quiet hours and rate limits.

    For example:
        netwatch alerts test --config netwatch.toml --sink soc

    Exit status 74 tells that a sink did not take it.
    """
    from netwatch.alert import try_out
    from netwatch.config import load
    from netwatch.errors import OutputError

    outcome = try_out(load(config).alerts, time.time_ns(), sink or "")
    if json:
        for delivery in outcome:
            print_json({"sink": delivery.sink, "taken": delivery.settled, "fault": delivery.fault})
    else:
        rows = [(delivery.sink, "taken" if delivery.settled else delivery.fault) for delivery in outcome]
        stdout().print(table(("sink", "outcome"), rows))
    return 0 if all(delivery.settled for delivery in outcome) else OutputError.exit_status
