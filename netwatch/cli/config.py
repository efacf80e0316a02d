"""``netwatch config``: the monitor's configuration."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from netwatch.cli.console import print_json, stdout

File = Annotated[Path, Parameter(help="The configuration file.")]


def check(file: File = Path("netwatch.toml"), /) -> None:
    """Whether a configuration is right; what is wrong is named with the nearest right word.

    For example:
        netwatch config check /etc/netwatch/netwatch.toml
    """
    from netwatch.config import load
    from netwatch.scope import Scope

    options = load(file)
    scope = Scope.build(options.run.scope)
    watched = ", ".join(group.name for group in scope.groups) if not scope.inferred else "all that is captured"
    sinks = ", ".join(sink.name for sink in options.alerts.sinks) or "nobody"
    stdout().print(
        f"{file} is right: watches {watched}; reads {', '.join(options.sources)}; tells {sinks}", markup=False
    )


def show(file: File = Path("netwatch.toml"), /) -> None:
    """Every option in force, as JSON: those of the file, and the defaults of the rest.

    For example:
        netwatch config show netwatch.toml
    """
    from netwatch.config import load
    from netwatch.pipeline.analysis import plain

    print_json(_texts(plain(asdict(load(file)))))


def _texts(value: object) -> object:
    """What JSON has no form for (times of day) as text."""
    if isinstance(value, dict):
        return {key: _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
