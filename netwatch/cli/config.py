"""``netwatch config``: the monitor's configuration."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from netwatch.cli.console import print_json, stdout
from netwatch.errors import UsageError
from netwatch.places import is_url

if TYPE_CHECKING:
    from netwatch.config import MonitorOptions

DAY = 86_400
_SECRET = re.compile("secret|key|token|password|sas|credential|service_account$", re.IGNORECASE)
"""In names of options of object stores whose values are, or hold, secrets."""
File = Annotated[Path, Parameter(help="The configuration file.")]


def check(file: File = Path("netwatch.toml"), /) -> None:
    """Whether a configuration is right; what is wrong is named with the nearest right word.

    For example:
        netwatch config check /etc/netwatch/netwatch.toml
    """
    from netwatch.config import load
    from netwatch.scope import Scope

    options = load(file)
    try:
        scope = Scope.build(options.run.scope)
    except UsageError as fault:
        raise UsageError(f"{file}: {fault}") from None
    watched = ", ".join(group.name for group in scope.groups) if not scope.inferred else "all that is captured"
    sinks = ", ".join(sink.name for sink in options.alerts.sinks) or "nobody"
    stdout().print(
        f"{file} is right: watches {watched}; reads {', '.join(options.sources)}; tells {sinks}", markup=False
    )
    for note in (*_not_here(options), *_too_short(options)):
        print(f"netwatch: {note}", file=sys.stderr)


def _not_here(options: MonitorOptions) -> Iterator[str]:
    """What a pass will need and is not there, perhaps as this is not the machine of the monitor."""
    for name, source in options.sources.items():
        if not (is_url(source.path) or has_magic(source.path) or Path(source.path).is_dir()):
            yield f"[source.{name}]: no such directory: {source.path}"
    for sink in options.alerts.sinks:
        if sink.url_env and sink.url_env not in os.environ:
            yield f"[alerts.sinks.{sink.name}]: {sink.url_env} is not set in this environment"
        if sink.url_file and not sink.url_file.is_file():
            yield f"[alerts.sinks.{sink.name}]: no such file: {sink.url_file}"


def _too_short(options: MonitorOptions) -> Iterator[str]:
    """Spans that are shorter than what is to be done with them."""
    kept, history = options.retention.bins, options.passes.history
    if kept < history:
        days = f"{kept / DAY:g} days, not {history / DAY:g}"
        yield f"[retention] bins is shorter than [pass] history: sudden changes are sought in {days}"


def show(file: File = Path("netwatch.toml"), /) -> None:
    """Every option in force, as JSON: those of the file, and the defaults of the rest; secrets are only said to be set.

    For example:
        netwatch config show netwatch.toml
    """
    from netwatch.config import load
    from netwatch.pipeline.analysis import plain

    options = load(file)
    storage = {name: "(set)" if _SECRET.search(name) else value for name, value in options.storage.items()}
    print_json(_texts(plain(asdict(replace(options, storage=storage)))))


def _texts(value: object) -> object:
    """What JSON has no form for (times of day) as text."""
    if isinstance(value, dict):
        return {key: _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
