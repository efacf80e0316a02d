"""Flow files of text and columns: Zeek, EVE, Argus, our own CSV and Parquet; and every one of them damaged."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.model.address import texts
from netwatch.model.flows import Flows
from netwatch.read.base import READERS, ReadOptions, recognise
from netwatch.read.source import open_source

ZEEK = (
    "#separator \\x09\n#set_separator\t,\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\t"
    "proto\tduration\torig_bytes\tresp_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\n"
    "1517336042.090842\tC1\t10.55.182.100\t14291\t10.233.233.5\t80\ttcp\t3.000158\t0\t7\tSahF\t2\t104\t1\t40\n"
    "1517336043.0\tC2\tfe80::1\t135\tff02::1\t0\ticmp\t-\t-\t-\t-\t1\t72\t0\t0\n"
    "#close\t2018-01-30\n"
)
EVE = "\n".join(
    json.dumps(line)
    for line in (
        {"timestamp": "2016-07-13T22:42:07.199672+0200", "event_type": "alert", "src_ip": "1.2.3.4"},
        {
            "timestamp": "2016-07-13T22:42:07.199672+0200", "event_type": "flow", "src_ip": "192.168.2.22",
            "src_port": 51000, "dest_ip": "1.1.1.1", "dest_port": 443, "proto": "TCP", "vlan": [12],
            "flow": {"pkts_toserver": 5, "pkts_toclient": 4, "bytes_toserver": 500, "bytes_toclient": 4000,
                     "start": "2016-07-13T22:42:05.5+0200", "end": "2016-07-13T22:42:07.199672+0200",
                     "reason": "timeout"},
            "tcp": {"tcp_flags_ts": "1b", "tcp_flags_tc": "13"},
        },
    )
) + "\n"  # fmt: skip
ARGUS = (
    "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes\n"
    "2011/08/10 09:46:53.047277,1.5,tcp,147.32.84.59,1577,   ->,77.75.73.9,80,FSPA_FSA,0,0,10,1000,200\n"
    "1282356640.25,0.5,udp,10.0.2.30,44639,  <->,10.0.2.20,53,CON,0,0,2,185,82\n"
    "1282356640.25,0,arp,10.0.2.30,,  who,10.0.2.20,,INT,0,0,1,60,60\n"
)
OWN = (
    "flow_start,flow_end,source_address,destination_address,source_transport_port,protocol_identifier,"
    "octet_delta_count,orientation\n"
    "2019-02-03T04:05:06.789Z,2019-02-03T04:05:07Z,2001:db8::1,10.0.0.1,5,6,77,SYN\n"
)
SAMPLES = {"zeek": ZEEK, "eve": EVE, "argus": ARGUS, "csv": OWN}


def read(tmp_path, content, name=None):
    path = tmp_path / "input"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    source = open_source(path, 300)
    reader = (READERS[name] if name else recognise(source.head)[1])(source, ReadOptions(), 3)
    flows = Flows.concatenate(list(reader))
    assert reader.tally.balanced
    assert reader.tally.seen_octets == path.stat().st_size
    assert reader.tally.kept == len(flows)
    return flows, reader


@pytest.mark.parametrize("name", SAMPLES)
def test_recognised_by_content(name):
    assert recognise(SAMPLES[name].encode())[0] == name


def test_zeek(tmp_path):
    flows, _ = read(tmp_path, ZEEK)
    assert texts(flows["source_address"]) == ["10.55.182.100", "fe80::1"]
    assert flows["flow_start_nanoseconds"][0] == 1517336042_090842_000
    assert flows["flow_end_nanoseconds"][0] == 1517336045_091000_000
    assert flows["octet_delta_count"].tolist() == [104, 72]
    assert flows["reverse_octet_delta_count"].tolist() == [40, 0]
    assert flows["responder_octets"].tolist() == [7, 0]
    assert flows["tcp_control_bits"].tolist() == [2 | 17, 0]
    assert flows["reverse_tcp_control_bits"].tolist() == [16 | 18, 0]
    assert flows["protocol_identifier"].tolist() == [6, 58]
    assert flows["destination_transport_port"].tolist() == [80, 135 << 8]
    assert flows["first_frame"].tolist() == [5, 6]


def test_zeek_as_json(tmp_path):
    line = {"ts": 1517336042.090842, "uid": "C1", "id.orig_h": "10.0.0.1", "id.orig_p": 5, "id.resp_h": "10.0.0.2",
            "id.resp_p": 80, "proto": "tcp", "orig_ip_bytes": 104, "resp_ip_bytes": 40}  # fmt: skip
    flows, _ = read(tmp_path, json.dumps(line) + "\n" + json.dumps(line))
    assert flows["octet_delta_count"].tolist() == [104, 104]
    assert flows["destination_transport_port"].tolist() == [80, 80]


def test_eve(tmp_path):
    flows, reader = read(tmp_path, EVE)
    assert texts(flows["destination_address"]) == ["1.1.1.1"]
    assert flows["flow_start_nanoseconds"][0] == np.datetime64("2016-07-13T20:42:05.5", "ns").astype(np.int64)
    assert flows["flow_end_nanoseconds"][0] == np.datetime64("2016-07-13T20:42:07.199672", "ns").astype(np.int64)
    expected = {
        "octet_delta_count": 500, "reverse_octet_delta_count": 4000, "packet_delta_count": 5, "vlan_id": 12,
        "reverse_packet_delta_count": 4, "tcp_control_bits": 0x1B, "reverse_tcp_control_bits": 0x13,
        "flow_end_reason": 1, "protocol_identifier": 6, "detail": 2, "input": 3,
    }  # fmt: skip
    assert {name: flows[name][0] for name in expected} == expected
    assert reader.tally.dropped["event of another kind"].units == 1


def test_argus(tmp_path):
    flows, reader = read(tmp_path, ARGUS)
    assert flows["flow_start_nanoseconds"][0] == np.datetime64("2011-08-10T09:46:53.047277", "ns").astype(np.int64)
    assert flows["flow_start_nanoseconds"][1] == 1282356640_250_000_000
    assert flows["octet_delta_count"].tolist() == [200, 82]
    assert flows["reverse_octet_delta_count"].tolist() == [800, 103]
    assert (flows["packet_delta_count"] + flows["reverse_packet_delta_count"]).tolist() == [10, 2]
    assert flows["tcp_control_bits"].tolist() == [0x1B, 0]
    assert reader.tally.dropped["protocol not IP"].units == 1


def test_argus_by_tabs_and_zeek_after_a_blank_say_the_same(tmp_path):
    plain, _ = read(tmp_path, ARGUS)
    tabs, _ = read(tmp_path, ARGUS.replace(",", "\t"))
    for name in plain:
        assert (plain[name] == tabs[name]).all(), name
    zeek, _ = read(tmp_path, ZEEK)
    late, _ = read(tmp_path, "\t" + ZEEK)
    assert len(late) == len(zeek)


def test_our_own_csv(tmp_path):
    flows, _ = read(tmp_path, OWN)
    assert texts(flows["source_address"]) == ["2001:db8::1"]
    assert flows["flow_start_nanoseconds"][0] == np.datetime64("2019-02-03T04:05:06.789", "ns").astype(np.int64)
    assert (flows["octet_delta_count"][0], flows["orientation"][0]) == (77, 1)
    assert flows["sampling_packet_interval"][0] == 1


def test_parquet_of_the_store(tmp_path):
    import pyarrow.parquet as pq

    from netwatch.store.schema import to_arrow

    flows, _ = read(tmp_path, ZEEK)
    pq.write_table(to_arrow(flows), tmp_path / "flows.parquet")
    again, reader = read(tmp_path, (tmp_path / "flows.parquet").read_bytes())
    for name in flows:
        if name not in ("first_frame", "input"):
            assert np.array_equal(again[name], flows[name]), name
    assert reader.details["rows"] == 2


def test_lines_that_cannot_be_parsed_are_counted_where_they_are(tmp_path):
    bad = OWN + "x,y\n" + OWN.splitlines()[1].replace("10.0.0.1", "10.0.0.999") + "\n\n" + OWN.splitlines()[1] + "\n"
    flows, reader = read(tmp_path, bad)
    assert flows["first_frame"].tolist() == [2, 6]
    assert {reason: drop.units for reason, drop in reader.tally.dropped.items()} == {
        "line that cannot be parsed": 1,
        "destination_address that cannot be read": 1,
    }
    assert reader.tally.dropped["line that cannot be parsed"].offsets == [len(OWN)]


BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_byte_order_mark_changes_nothing(name, tmp_path):
    plain, _ = read(tmp_path, SAMPLES[name])
    marked, reader = read(tmp_path, BOM + SAMPLES[name].encode())
    assert reader.name == name
    for column in plain:
        assert np.array_equal(plain[column], marked[column]), column


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(",", ";"),
        lambda text: "\n# flows of february\n" + text,
        lambda text: "sep=,\n" + text,
        lambda text: text.replace("flow_start", "Flow_Start"),
        lambda text: text.replace(",", " , "),
        lambda text: text.replace(",6,", ",TCP,"),
        lambda text: text.replace("T04:05:06.789Z", " 04:05:06,789 UTC").replace(",", ";").replace(";789", ",789"),
        lambda text: text.replace("T04:05:06.789Z", "t04:05:06.789z"),
        lambda text: text.replace("04:05:06.789Z", "13:05:06.789+09:00"),
        lambda text: text.replace("2019-02-03T04:05:06.789Z", "1549166706.789"),
        lambda text: text.replace("2019-02-03T04:05:06.789Z", "1549166706789"),
        lambda text: text.replace("2019-02-03T04:05:06.789Z", "1549166706789000"),
        lambda text: text.replace("2019-02-03T04:05:06.789Z", "1549166706789000000"),
        lambda text: text.replace(",77,", ",77.0,"),
    ],
)
def test_our_own_csv_as_other_programs_write_it(change, tmp_path):
    plain, _ = read(tmp_path, OWN)
    flows, reader = read(tmp_path, change(OWN))
    assert not reader.tally.dropped
    for column in plain:
        if column != "first_frame":
            assert np.array_equal(plain[column], flows[column]), column


def test_what_csv_leaves_out_has_its_default_and_a_note(tmp_path):
    line = "2019-02-03T04:05:06Z,2001:db8::1,10.0.0.1,,\n"
    names = "flow_end,source_address,destination_address,octet_delta_count,sampling_packet_interval\n"
    flows, reader = read(tmp_path, names + line)
    assert (flows["octet_delta_count"].tolist(), flows["sampling_packet_interval"].tolist()) == ([0], [1])
    assert reader.tally.notes == {"no column packet_delta_count (taken as 0)": 1}


@pytest.mark.parametrize("counter", ["1.234", "1.000", "-5", "1.5", "many", "99999999999999999999"])
def test_a_counter_that_is_no_whole_number_is_refused_by_name(counter, tmp_path):
    flows, reader = read(tmp_path, OWN.replace(",77,", f",{counter},"))
    assert not len(flows)
    assert list(reader.tally.dropped) == ["octet_delta_count that cannot be read"]


@pytest.mark.parametrize(("written", "separator"), [(r"\x2c", ","), (",", ","), (r"\x7c", "|"), (r"\x20", " ")])
def test_zeek_with_another_separator(written, separator, tmp_path):
    plain, _ = read(tmp_path, ZEEK)
    flows, _ = read(tmp_path, ZEEK.replace("\t", separator).replace(r"\x09", written))
    assert all(np.array_equal(plain[column], flows[column]) for column in plain)


def test_zeek_logs_joined_into_one_have_their_own_fields_each(tmp_path):
    lines = [line.split("\t") for line in ZEEK.splitlines()]
    turned = [[line[0], *line[:0:-1]] if line[0] == "#fields" else line if line[0][0] == "#" else line[::-1]
              for line in lines]  # fmt: skip
    other = "\n".join("\t".join(line) for line in turned) + "\n"
    flows, reader = read(tmp_path, ZEEK + other + ZEEK)
    assert not reader.tally.dropped
    plain, _ = read(tmp_path, ZEEK)
    for column in plain:
        if column != "first_frame":
            assert np.array_equal(flows[column], np.concatenate([plain[column]] * 3)), column


@pytest.mark.parametrize("ts", ["2018-01-30T18:14:02.090842Z", 1517336042.090842, "1517336042.090842", 1517336042090])
def test_zeeks_times_in_json(ts, tmp_path):
    line = {"ts": ts, "id.orig_h": "10.0.0.1", "id.resp_h": "10.0.0.2", "proto": "tcp", "orig_pkts": 1}
    flows, _ = read(tmp_path, json.dumps(line) + "\n")
    assert flows["flow_start_nanoseconds"][0] // 1_000_000 == 1517336042_090


def test_other_logs_of_zeek_are_no_flows(tmp_path):
    dns = {"ts": 1517336042.0, "id.orig_h": "10.0.0.1", "id.resp_h": "10.0.0.2", "proto": "udp", "query": "a.example"}
    assert recognise(json.dumps(dns).encode()) is None
    assert recognise(ZEEK.replace("conn", "dns").replace("pkts", "x").replace("_ip_bytes", "y").encode()) is None
    flows, reader = read(
        tmp_path, json.dumps(dns) + "\n" + json.dumps(dns | {"conn_state": "SF", "orig_pkts": 3}) + "\n"
    )
    assert flows["packet_delta_count"].tolist() == [3]
    assert reader.tally.dropped["line of another kind"].units == 1


@given(st.binary(max_size=300), st.sampled_from(sorted(SAMPLES)), st.integers(0, 500))
@settings(max_examples=150, deadline=None)
def test_arbitrary_octets_are_accounted(tmp_path_factory, junk, name, place):
    content = SAMPLES[name].encode()
    read(tmp_path_factory.mktemp("junk"), content[:place] + junk + content[place:], name)
