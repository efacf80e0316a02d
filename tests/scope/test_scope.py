"""Scope: groups, dates, direction, and what is watched when nothing is said."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.errors import UsageError
from netwatch.model.address import pack
from netwatch.model.elements import Direction
from netwatch.model.flows import Flows
from netwatch.scope import Scope, ScopeOptions
from netwatch.scope.watch import parse_asn

DAY = 86_400 * 10**9


@pytest.fixture(autouse=True)
def no_tables_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data-home"))


def flows(*pairs: tuple[str, str], day: int = 18_000, **columns: list[int]) -> Flows:
    n = len(pairs)
    return Flows(
        {
            "source_address": np.array([pack(p[0]) for p in pairs], np.uint64).reshape(-1, 2),
            "destination_address": np.array([pack(p[1]) for p in pairs], np.uint64).reshape(-1, 2),
            "flow_start_nanoseconds": np.full(n, day * DAY),
            "octet_delta_count": np.full(n, 100),
            **{name: np.array(values) for name, values in columns.items()},
        }
    )


def directions(annotated: Flows) -> list[str]:
    return [Direction.names[d] for d in annotated["direction"]]


def test_direction_by_as_and_prefix_of_both_families() -> None:
    scope = Scope.build(ScopeOptions(asn=("AS131279",), prefix=("2001:db8::/32", "192.0.2.7")))
    done = scope.annotate(
        flows(
            ("175.45.176.1", "8.8.8.8"), ("8.8.8.8", "175.45.179.9"), ("175.45.176.1", "2001:db8::1"),
            ("8.8.8.8", "9.9.9.9"), ("8.8.8.8", "192.0.2.7"), ("8.8.8.8", "192.0.2.8"),
        )
    )  # fmt: skip
    assert directions(done) == ["outbound", "inbound", "internal", "outside", "inbound", "outside"]
    assert done["watch"].tolist() == [0, 0, 0, 65535, 0, 65535]
    assert done["source_as"][:2].tolist() == [131279, 15169]
    assert done["source_country"][0] == int.from_bytes(b"KP", "big")
    assert scope.tally.balanced
    assert (scope.tally.kept, scope.tally.kept_octets) == (4, 400)
    assert scope.tally.dropped["outside the scope"].units == 2


def test_country() -> None:
    scope = Scope.build(ScopeOptions(country=("kp",)))
    assert directions(scope.annotate(flows(("175.45.176.1", "8.8.8.8")))) == ["outbound"]


def test_an_exported_as_stands_in_where_the_table_knows_none() -> None:
    scope = Scope.build(ScopeOptions(asn=("AS131279",)))
    done = scope.annotate(flows(("10.0.0.1", "8.8.8.8"), bgp_source_as_number=[131279], bgp_destination_as_number=[1]))
    assert directions(done) == ["outbound"]
    assert done["destination_as"].tolist() == [15169]


def test_between_foreign_addresses_a_watched_exporter_makes_it_transit() -> None:
    scope = Scope.build(ScopeOptions(prefix=("192.0.2.0/24",)))
    batch = flows(("8.8.8.8", "9.9.9.9"), ("8.8.8.8", "9.9.9.9"))
    exporter = np.array([pack("192.0.2.1"), pack("203.0.113.1")], np.uint64)
    assert directions(scope.annotate(batch.with_columns(exporter_address=exporter))) == ["transit", "outside"]


WATCH = """
[group.proxy]
prefix = [{ prefix = "175.45.178.0/24", until = 2019-01-01 }]
[group.nation]
asn = ["AS131279"]
prefix = ["210.52.109.0/24"]
from = 2018-01-01
"""


def test_watch_file_with_dates(tmp_path: Path) -> None:
    path = tmp_path / "watch.toml"
    path.write_text(WATCH)
    scope = Scope.build(ScopeOptions(watch=path))
    pairs = [("175.45.178.1", "8.8.8.8"), ("210.52.109.1", "8.8.8.8")]
    seen = {}
    for name, day in (("2017", 17_300), ("2018", 17_700), ("2019", 18_000)):
        seen[name] = scope.annotate(flows(*pairs, day=day))["watch"].tolist()
    assert seen == {"2017": [0, 65535], "2018": [0, 1], "2019": [1, 1]}
    mixed = Flows.concatenate([flows(*pairs, day=day) for day in (17_300, 18_000, 17_700)])
    assert scope.annotate(mixed)["watch"].tolist() == [0, 65535, 1, 1, 0, 1]
    groups = scope.describe()["groups"]
    assert groups[1]["members"][0] == {"kind": "asn", "value": "AS131279", "from": "2018-01-01", "until": None}  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[group.a]\nprefx = ['10.0.0.0/8']", "did you mean 'prefix'"),
        ("[groups.a]\nprefix = ['10.0.0.0/8']", "did you mean 'group'"),
        ("[group.a]\nprefix = ['10.0.0.0/40']", "not a prefix"),
        ("[group.a]\nasn = [true]", "not an AS number"),
        ("[group.a]\nprefix = [5]", "none: 5"),
        ("[group.a]\nprefix = '10.0.0.0/8'", "is a list"),
        ("[group.a]\nfrom = 2019-01-01", "no asn, prefix or country"),
        ("[group.a]\nasn = [1]\nfrom = 2019-01-01\nuntil = 2018-01-01", "not before"),
        ("[group.a]\nasn = [1]\nfrom = 'soon'", "not a date"),
        ("[group.a", "watch.toml"),
        ("", "no \\[group.NAME\\]"),
    ],
)
def test_a_wrong_watch_file_is_said(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "watch.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=said):
        Scope.build(ScopeOptions(watch=path))


def test_unknown_as_and_country_name_the_table() -> None:
    with pytest.raises(UsageError, match=r"AS4200000000 is not in .* of 2026-06-17; .*--prefix"):
        Scope.build(ScopeOptions(asn=("4200000000",)))
    with pytest.raises(UsageError, match="XX is not in"):
        Scope.build(ScopeOptions(country=("XX",)))


def test_a_table_without_countries_says_so(tmp_path: Path) -> None:
    path = tmp_path / "t.dat"
    path.write_text("175.45.176.0/22\t131279\n")
    assert Scope.build(ScopeOptions(asn=(131279,), table=path)).groups[0].members[0].value == 131279
    with pytest.raises(UsageError, match=r"tells no country.*--table"):
        Scope.build(ScopeOptions(country=("KP",), table=path))


@pytest.mark.parametrize(
    ("written", "number"),
    [("AS131279", 131279), ("as131279", 131279), (131279, 131279), ("2.207", 131279), ("AS2.207", 131279)],
)
def test_as_formats(written: str | int, number: int) -> None:
    assert parse_asn(written) == number


@pytest.mark.parametrize("written", ["", "AS", "0", "4294967296", "65536.1", "1.65536", "-1", "١٢", "AS1 2"])
def test_as_numbers_that_are_none(written: str) -> None:
    with pytest.raises(UsageError, match="not an AS number"):
        parse_asn(written)


def test_nothing_said_watches_everything() -> None:
    scope = Scope.build(ScopeOptions())
    done = scope.annotate(
        flows(
            ("192.168.1.5", "8.8.8.8"), ("8.8.8.8", "10.1.2.3"), ("10.0.0.1", "224.0.0.251"), ("fe80::1", "ff02::fb"),
            ("175.45.176.1", "8.8.8.8"), ("1.1.1.1", "175.45.177.1"), ("9.9.9.9", "8.8.8.8"),
        )
    )  # fmt: skip
    expected = ["outbound", "inbound", "internal", "internal", "outbound", "inbound", "transit"]
    assert directions(done) == expected
    assert not scope.tally.dropped
    described = scope.describe()
    assert described["inferred"] is True
    assert described["groups"][-1]["members"][0]["value"] == "175.45.0.0/16"  # type: ignore[index]


def test_an_empty_batch_is_annotated_and_settles_nothing() -> None:
    scope = Scope.build(ScopeOptions())
    assert len(scope.annotate(Flows.empty())["direction"]) == 0
    assert (
        directions(scope.annotate(flows(("175.45.176.1", "8.8.8.8"), ("175.45.176.1", "9.9.9.9")))) == ["outbound"] * 2
    )


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255)), min_size=1, max_size=30))
@settings(deadline=None, max_examples=40)
def test_direction_agrees_with_ipaddress(ends: list[tuple[int, int]]) -> None:
    own = [ipaddress.ip_network("10.0.0.0/25"), ipaddress.ip_network("10.0.0.200/30")]
    scope = Scope.build(ScopeOptions(prefix=tuple(map(str, own))))
    done = scope.annotate(flows(*((f"10.0.0.{a}", f"10.0.0.{b}") for a, b in ends)))
    names = {(True, True): "internal", (True, False): "outbound", (False, True): "inbound", (False, False): "outside"}
    claims = [tuple(any(ipaddress.ip_address(f"10.0.0.{x}") in n for n in own) for x in pair) for pair in ends]
    assert directions(done) == [names[c] for c in claims]  # type: ignore[index]
