"""``netwatch simulate``: labelled traffic to try netwatch on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from netwatch.cli.console import stdout


def simulate(
    scenario: Annotated[str, Parameter(help="Which; `netwatch list scenarios` names them.")],
    out: Annotated[Path, Parameter(help="Directory to write the files and their truth.toml into.")],
    /,
    *,
    seed: Annotated[int, Parameter(help="Same seed, same octets.")] = 1,
) -> None:
    """Write labelled traffic and the truth about it. Nothing is sent: only files are written.

    For example:
        netwatch simulate monero-day /tmp/monero
    """
    from netwatch.simulate import simulate as write

    for path in write(scenario, out, seed):
        stdout().print(str(path), markup=False)
