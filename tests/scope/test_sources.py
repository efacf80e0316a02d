"""Prefix tables in each published layout."""

from __future__ import annotations

import bz2
import gzip
import struct
from pathlib import Path

import pytest

from netwatch.errors import UnreadableInput, UsageError
from netwatch.model.address import pack
from netwatch.scope.catalogue import from_file, import_table, known_tables, lookup, valid_at
from netwatch.scope.sources import read_table
from netwatch.scope.table import PrefixTable, load, save

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "asn"


def as_of(table: PrefixTable, address: str) -> int:
    return table.range_at("as", *pack(address))[2]


def country_of(table: PrefixTable, address: str) -> str:
    return table.range_at("country", *pack(address))[2].to_bytes(2, "big").decode()


LAYOUTS = {
    "iptoasn": "1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET\n175.45.176.0\t175.45.179.255\t131279\tKP\tSTAR-KP\n"
    "2.0.0.0\t2.0.0.255\t0\tNone\tNot routed\n",
    "ip-location-db": '1.0.0.0,1.0.0.255,13335,"Cloudflare, Inc."\n175.45.176.0,175.45.179.255,131279,Star JV\n',
    "ip-location-db numbers": "16777216,16777471,13335,Cloudflare\n2939006976,2939007999,131279,Star JV\n",
    "pyasn": "; IP-ASN32-DAT file\n; x\n1.0.0.0/24\t13335\n175.45.176.0/22\t131279\n",
    "pfx2as": "1.0.0.0\t24\t13335\n175.45.176.0\t22\t131279_4837\n",
    "pfx2as set": "1.0.0.0\t24\t13335,7\n175.45.176.0\t22\t131279\n",
    "spaces": "1.0.0.0/24 AS13335\n175.45.176.0/22 AS131279\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("packed", [lambda data: data, gzip.compress, bz2.compress], ids=["plain", "gzip", "bzip2"])
def test_text_layouts(tmp_path: Path, layout: str, packed) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "table"
    path.write_bytes(packed(LAYOUTS[layout].encode()))
    table = from_file(path, "2019-06-01")
    assert as_of(table, "1.0.0.77") == 13335
    assert as_of(table, "175.45.178.1") == 131279
    assert as_of(table, "175.45.180.0") == 0
    if layout == "iptoasn":
        assert country_of(table, "175.45.176.9") == "KP"
        assert table.holder(131279) == "STAR-KP"
        assert as_of(table, "2.0.0.1") == 0


def test_ipv6_and_country_only(tmp_path: Path) -> None:
    path = tmp_path / "country.csv"
    path.write_text("2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP\n1.0.0.0,1.0.0.255,AU\n9.0.0.0,9.0.0.9,ZZ\n")
    table = from_file(path, "2019-06-01")
    assert country_of(table, "2001:200::1") == "JP"
    assert country_of(table, "9.0.0.1") == "\0\0"
    assert list(table.info.layers) == ["country"]


def mrt_record(kind: int, subtype: int, body: bytes) -> bytes:
    return struct.pack(">IHHI", 1_400_000_000, kind, subtype, len(body)) + body


def attributes(*path: int, width: int = 4, extra: bytes = b"") -> bytes:
    segment = bytes([2, len(path)]) + b"".join(n.to_bytes(width, "big") for n in path)
    return b"\x40\x01\x01\x00" + b"\x40\x02" + bytes([len(segment)]) + segment + extra


def v2_entry(attrs: bytes) -> bytes:
    return struct.pack(">HIH", 0, 0, len(attrs)) + attrs


def v2_record(bits: int, prefix: bytes, *entries: bytes, subtype: int = 2) -> bytes:
    return mrt_record(
        13, subtype, struct.pack(">IB", 0, bits) + prefix + struct.pack(">H", len(entries)) + b"".join(entries)
    )


def test_mrt_table_dump_v2_takes_the_origin_of_most_peers(tmp_path: Path) -> None:
    peers = mrt_record(13, 1, bytes(8))
    entries = [v2_entry(attributes(701, 4837, 131279)), v2_entry(attributes(1, 9)), v2_entry(attributes(3356, 131279))]
    v6 = v2_record(32, bytes.fromhex("20010db8"), v2_entry(attributes(6939, 64500)), subtype=4)
    path = tmp_path / "rib.gz"
    path.write_bytes(gzip.compress(peers + v2_record(22, bytes([175, 45, 176]), *entries) + v6))
    table = from_file(path, "2014-05-23")
    assert as_of(table, "175.45.179.255") == 131279
    assert as_of(table, "2001:db8:ffff::") == 64500


def test_mrt_table_dump_reads_as4_path(tmp_path: Path) -> None:
    as4 = b"\xc0\x11\x0a\x02\x02" + struct.pack(">II", 701, 131279)
    attrs = attributes(701, 23456, width=2, extra=as4)
    body = struct.pack(">HH4sBBI4sHH", 0, 1, bytes([175, 45, 176, 0]), 22, 1, 0, bytes(4), 701, len(attrs)) + attrs
    path = tmp_path / "rib"
    path.write_bytes(mrt_record(12, 1, body))
    assert as_of(from_file(path, "2003-01-01"), "175.45.176.1") == 131279


def test_a_dump_cut_anywhere_gives_what_came_before(tmp_path: Path) -> None:
    whole = v2_record(24, b"\x01\x00\x00", v2_entry(attributes(1, 13335))) + v2_record(
        24, b"\x02\x00\x00", v2_entry(attributes(1, 7018))
    )
    half = len(whole) // 2
    path = tmp_path / "rib"
    for cut in range(half, len(whole)):
        path.write_bytes(whole[:cut])
        table = from_file(path, "2014-05-23")
        assert as_of(table, "1.0.0.1") == 13335
        assert as_of(table, "2.0.0.1") == 0


@pytest.mark.parametrize("content", [b"", b"hello world\n" * 300, b"\x1f\x8b garbage", bytes(4000), b"a,b,c\n" * 200])
def test_what_is_no_table_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "no table"
    path.write_bytes(content)
    with pytest.raises(UnreadableInput) as refusal:
        read_table(path)
    assert "\n" not in str(refusal.value)


def test_a_stored_table_is_the_table(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv"
    path.write_text(LAYOUTS["iptoasn"])
    table = from_file(path, "2019-06-01")
    save(table, tmp_path / "kept")
    back = load(tmp_path / "kept")
    assert back.info == table.info
    assert back.holder(131279) == "STAR-KP"
    for name, held in table.layers.items():
        for mine, theirs in zip(held, back.layers[name], strict=True):
            assert (mine == theirs).all()


def test_imported_tables_stand_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    for date, number in (("2017-01-01", 1), ("2019-06-01", 2)):
        path = tmp_path / "mine.csv"
        path.write_text(f"175.45.176.0,175.45.179.255,{number},Holder {number}\n")
        info = import_table(path, date)
        assert (info.date, info.layers) == (date, {"as": 1})
    import_table(path, "2019-06-01")  # again: takes the place of the first
    assert [info.date for info, _ in known_tables()] == ["2017-01-01", "2019-06-01", "2026-06-17"]
    rows = {row.table.date: row for row in lookup("175.45.176.10")}
    assert rows["2017-01-01"].holder == "Holder 1"
    assert rows["2026-06-17"].as_number == 131279
    assert rows["2026-06-17"].country == "KP"
    at_2018 = lookup("175.45.176.10", at=1_520_000_000 * 10**9)
    assert at_2018[0].as_number == 1
    assert valid_at(known_tables(), 0)[0].date == "2017-01-01"  # type: ignore[index]


def test_a_bad_date_or_address_is_said(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_text(LAYOUTS["pyasn"])
    with pytest.raises(UsageError, match="not a date"):
        import_table(path, "June 2019")
    with pytest.raises(UsageError, match="not an address"):
        lookup("300.1.2.3")
    with pytest.raises(UsageError, match="no such file"):
        from_file(tmp_path / "missing")


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared data")
def test_real_dumps() -> None:
    rib = from_file(SHARED / "hadiasghari_pyasn" / "rib.20140523.0600_firstMB.bz2")
    assert rib.info.date == "2014-05-23"
    assert as_of(rib, "1.0.0.1") == 15169
    fake = from_file(SHARED / "hadiasghari_pyasn" / "ipasn.fake", "2014-01-01")
    assert as_of(fake, "1.0.0.1") == 1
    v6 = from_file(SHARED / "RIPE-NCC_bgpdump" / "bview.ipv6_unicast_add_path.gz", "2020-01-01")
    assert v6.info.layers["as"] > 0


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared data")
def test_other_files_of_routing_data_are_no_tables() -> None:
    for path in [*SHARED.glob("*/*.pcap"), *SHARED.glob("*/updates*")]:
        with pytest.raises(UnreadableInput):
            read_table(path)
