"""argv in, exit status out: one file a command."""

from __future__ import annotations

from collections.abc import Sequence


def run(argv: Sequence[str]) -> int:
    """Carry out one command line and return its exit status."""
    from netwatch.cli.app import run as run_app

    return run_app(argv)
