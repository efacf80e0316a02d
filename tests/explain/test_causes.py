"""The fewest cells of several dimensions: what is planted is found, exactly added up, and no more."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netwatch.errors import UsageError
from netwatch.explain import Windows, decompose
from netwatch.model.taxonomy import CODE

sys.path.insert(0, str(Path(__file__).parent))
from flow_table import DAY, stored

DAYS, RISE = 28, 14
WINDOWS = Windows.plain((0, RISE * DAY), (RISE * DAY, DAYS * DAY))


def traffic(seed: int, factor: float, planted: dict[str, Any] | None, times: float) -> list[dict[str, Any]]:
    """Twelve networks by four services, all grown by a factor, with the flows that have ``planted`` grown further."""
    noise = np.random.default_rng(seed)
    rows = []
    for at in range(DAYS):
        for network in range(12):
            for port, name in ((443, "benign.web"), (1194, "benign.vpn"), (25, "benign.mail"), (53, "benign.dns")):
                row = {"flow_start_nanoseconds": at * DAY, "destination_as": 64600 + network,
                       "destination_transport_port": port, "traffic_class": CODE[name]}  # fmt: skip
                octets = 1e6 * (1 + network) * np.exp(0.1 * noise.standard_normal())
                if at >= RISE:
                    hit = planted is not None and all(row[k] == v for k, v in planted.items())
                    octets *= factor * (times if hit else 1.0)
                rows.append({**row, "octet_delta_count": int(octets)})
    return rows


def causes(rows: list[dict[str, Any]]) -> list[tuple[dict[str, str], float]]:
    with stored(rows) as table:
        told = decompose(table, WINDOWS, ["causes"])
    assert sum(s.share for s in told.shares) + told.residual == pytest.approx(1)
    assert sum(s.amount for s in told.shares) + told.residual * told.total == pytest.approx(told.total)
    return [(share.cell, share.after / share.before) for share in told.shares]


def test_a_rise_of_everything_is_one_cause() -> None:
    ((cell, ratio),) = causes(traffic(1, 2.0, None, 1.0))
    assert cell == {"causes": "all alike"}
    assert ratio == pytest.approx(2.0, rel=0.03)


def test_what_grew_beyond_the_rest_stands_beside_it() -> None:
    found = causes(traffic(2, 2.0, {"destination_transport_port": 1194}, 3.0))
    assert [cell for cell, _ in found] == [{"class": "benign.vpn"}, {"causes": "all else alike"}]
    assert [ratio for _, ratio in found] == pytest.approx([6.0, 2.0], rel=0.03)


def test_a_cell_of_two_dimensions() -> None:
    planted = {"destination_transport_port": 443, "destination_as": 64611}
    rows = traffic(3, 1.0, planted, 8.0)
    found = causes(rows)
    mine = [r for r in rows if all(r[name] == value for name, value in planted.items())]
    sides = [
        sum(r["octet_delta_count"] for r in mine if (r["flow_start_nanoseconds"] >= RISE * DAY) == s) for s in (0, 1)
    ]
    assert found[0][0] == {"class": "benign.web", "asn": "AS64611"}
    assert found[0][1] == pytest.approx(sides[1] / sides[0])


def test_causes_stand_alone_and_may_be_none() -> None:
    with stored(traffic(4, 1.0, None, 1.0)) as table:
        with pytest.raises(UsageError, match="'causes' is a split by itself"):
            decompose(table, WINDOWS, ["causes", "class"])
        assert decompose(table, Windows.plain((90 * DAY, 91 * DAY), (92 * DAY, 93 * DAY)), ["causes"]).shares == ()
        peers = decompose(table, WINDOWS, ["causes"], "peers")
    assert peers.total == pytest.approx(0)


def test_a_window_that_was_not_observed() -> None:
    with stored([{}]) as table, pytest.raises(UsageError, match="nothing was observed in the window after"):
        decompose(table, Windows(((0, DAY),), ((DAY, 2 * DAY),), (86_400.0, 0.0)), ["class"])
