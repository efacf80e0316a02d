"""netwatch: why a network's traffic rose, with evidence, from captures and flow exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netwatch.version import __version__

if TYPE_CHECKING:
    from netwatch.api import Options, Report, analyze_files, read_flows, read_series

__all__ = ["Options", "Report", "__version__", "analyze_files", "read_flows", "read_series"]


def __getattr__(name: str) -> Any:
    """The public names, imported when first asked for: the command line starts without them."""
    if name in __all__:
        from netwatch import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
