"""Tables of flows under the names of other programs: all tell one flow, and each tells it alike."""

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.errors import UnreadableInput
from netwatch.model.address import pack, texts
from netwatch.model.flows import Flows
from netwatch.read import open_inputs
from netwatch.read.base import ReadOptions, recognise
from netwatch.read.source import open_source
from netwatch.read.values import addresses

START = int(np.datetime64("2018-09-11T16:42:42.251", "ns").astype(np.int64))
END = START + 7_062_000_000

NFDUMP_16 = (
    "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out,sas,das,smk,dmk,dtos,dir,nh,nhb,svln,dvln,cl,ra\n"
    "2018-09-11 16:42:42.251,2018-09-11 16:42:49,7.062,10.0.2.15,13.107.21.200,41320,443,TCP,...AP.S.,0,8,2,126,0,0,"
    "3,4,65001,65002,0,0,0,0,0.0.0.0,0.0.0.0,12,0,    0.000,127.0.0.1\n"
    "Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n1,126,2,142,0,63\n"
)
NFDUMP_17 = (
    "firstSeen,lastSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,flags,srcTos,packets,bytes,srcAS,dstAS,input,"
    "output,srcVlan,routerIP,bps,flows\n"
    "2018-09-11 16:42:42.251,2018-09-11 16:42:49.313,00:00:07.062,TCP,10.0.2.15,41320,13.107.21.200,443,...AP.S.,8,2,"
    "126,65001,65002,3,4,12,127.0.0.1,142,1\n"
)
NFDUMP_FAST = (
    "cnt,af,firstSeen,lastSeen,proto,srcAddr,srcPort,dstAddr,dstPort,srcAS,dstAS,input,output,flags,srcTos,packets,"
    "bytes\n"
    "1,2,1536684162251,1536684169313,6,10.0.2.15,41320,13.107.21.200,443,65001,65002,3,4,...AP.S.,8,2,126\n"
)
RWCUT = (
    "            sIP|            dIP|sPort|dPort|pro|   packets|     bytes|   flags|                  sTime| duration|"
    "                  eTime|sen| in|out|\n"
    "      10.0.2.15|  13.107.21.200|41320|  443|  6|         2|       126| S PA   |2018/09/11T16:42:42.251|    7.062|"
    "2018/09/11T16:42:49.313| S1|  3|  4|\n"
)
IPFIX = (
    "flowStartMilliseconds,flowEndMilliseconds,sourceIPv4Address,destinationIPv4Address,sourceIPv6Address,"
    "destinationIPv6Address,sourceTransportPort,destinationTransportPort,protocolIdentifier,tcpControlBits,"
    "ipClassOfService,packetDeltaCount,octetDeltaCount,ingressInterface,egressInterface,bgpSourceAsNumber,"
    "bgpDestinationAsNumber,vlanId,exporterIPv4Address\n"
    "1536684162251,1536684169313,10.0.2.15,13.107.21.200,::,::,41320,443,6,0x1a,8,2,126,3,4,65001,65002,12,127.0.0.1\n"
)
NPROBE = (
    "IPV4_SRC_ADDR|IPV4_DST_ADDR|INPUT_SNMP|OUTPUT_SNMP|IN_PKTS|IN_BYTES|flow_start_milliseconds|"
    "flow_end_milliseconds|L4_SRC_PORT|L4_DST_PORT|TCP_FLAGS|PROTOCOL|SRC_TOS|SRC_AS|DST_AS\n"
    "10.0.2.15|13.107.21.200|3|4|2|126|1536684162251|1536684169313|41320|443|26|6|8|65001|65002\n"
)
PMACCT = (
    "TAG,IN_IFACE,OUT_IFACE,SRC_AS,DST_AS,SRC_IP,DST_IP,SRC_PORT,DST_PORT,PROTOCOL,TCP_FLAGS,TOS,TIMESTAMP_START,"
    "TIMESTAMP_END,PACKETS,BYTES\n"
    "0,3,4,65001,65002,10.0.2.15,13.107.21.200,41320,443,tcp,26,8,2018-09-11 16:42:42.251,2018-09-11 16:42:49.313,2,"
    "126\n"
)
VPC = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
    "log-status\n"
    "2 123456789010 eni-1 10.0.2.15 13.107.21.200 41320 443 6 2 126 1536684162 1536684169 ACCEPT OK\n"
    "2 123456789010 eni-1 - - - - - - - 1536684162 1536684169 - NODATA\n"
)
TABLES = {
    "nfdump 1.6": NFDUMP_16, "nfdump 1.7": NFDUMP_17, "nfdump csv-fast": NFDUMP_FAST, "rwcut": RWCUT, "IPFIX": IPFIX,
    "nProbe": NPROBE, "pmacct": PMACCT, "VPC": VPC,
}  # fmt: skip
FACTS = {
    "source_transport_port": 41320, "destination_transport_port": 443, "protocol_identifier": 6,
    "octet_delta_count": 126, "packet_delta_count": 2, "tcp_control_bits": 26, "ip_class_of_service": 8,
    "ingress_interface": 3, "egress_interface": 4, "bgp_source_as_number": 65001, "bgp_destination_as_number": 65002,
    "vlan_id": 12, "detail": 0, "sampling_packet_interval": 1, "reverse_octet_delta_count": 0,
}  # fmt: skip
UNTOLD = {
    "rwcut": {"ip_class_of_service", "bgp_source_as_number", "bgp_destination_as_number", "vlan_id"},
    "VPC": {"ip_class_of_service", "ingress_interface", "egress_interface", "bgp_source_as_number", "tcp_control_bits",
            "bgp_destination_as_number", "vlan_id"},
    "nfdump csv-fast": {"vlan_id"}, "nProbe": {"vlan_id"}, "pmacct": {"vlan_id"},
}  # fmt: skip


def read(tmp_path, text, name="csv"):
    path = tmp_path / "input"
    path.write_text(text)
    source = open_source(path, 300)
    found = recognise(source.head)
    assert found and found[0] == name
    reader = found[1](source, ReadOptions(), 0)
    flows = Flows.concatenate(list(reader))
    assert reader.tally.balanced and reader.tally.kept == len(flows)
    assert reader.tally.seen_octets == path.stat().st_size
    return flows, reader


@pytest.mark.parametrize("name", TABLES)
def test_one_flow_under_every_programs_names(name, tmp_path):
    flows, reader = read(tmp_path, TABLES[name])
    assert len(flows) == 1
    whole = 10**9 if name == "VPC" else 1
    assert flows["flow_start_nanoseconds"].tolist() == [START // whole * whole]
    assert flows["flow_end_nanoseconds"].tolist() == [END // whole * whole]
    assert texts(flows["source_address"]) == ["10.0.2.15"]
    assert texts(flows["destination_address"]) == ["13.107.21.200"]
    told = {column: value for column, value in FACTS.items() if column not in UNTOLD.get(name, ())}
    assert {column: flows[column].item() for column in told} == told
    assert all(flows[column].item() == 0 for column in UNTOLD.get(name, ()))
    dropped = {"nfdump 1.6": {"line that cannot be parsed": 3}, "VPC": {"protocol_identifier that cannot be read": 1}}
    assert {reason: drop.units for reason, drop in reader.tally.dropped.items()} == dropped.get(name, {})
    zoneless = any(stamp in TABLES[name] for stamp in ("2018-09-11 ", "2018/09/11"))
    assert reader.tally.notes == ({"record whose times name no zone (taken as UTC)": 1} if zoneless else {})
    assert "octet_delta_count" in reader.details["read_as"].values()


def test_of_both_address_families_the_one_that_is_told(tmp_path):
    six = IPFIX.splitlines()[1].replace("10.0.2.15,13.107.21.200,::,::", ",,2001:db8::1,2001:db8::2")
    none = IPFIX.splitlines()[1].replace("10.0.2.15,13.107.21.200,::,::", ",,,")
    flows, reader = read(tmp_path, f"{IPFIX}{six}\n{none}\n")
    assert texts(flows["source_address"]) == ["10.0.2.15", "2001:db8::1"]
    assert texts(flows["destination_address"]) == ["13.107.21.200", "2001:db8::2"]
    assert list(reader.tally.dropped) == ["source_address that cannot be read"]


def test_a_biflow_is_one_where_its_reverse_direction_counts(tmp_path):
    flows, _ = read(tmp_path, NFDUMP_16 + NFDUMP_16.splitlines()[1].replace(",2,126,0,0,", ",2,126,3,178,") + "\n")
    assert flows["detail"].tolist() == [0, 2]
    assert flows["reverse_octet_delta_count"].tolist() == [0, 178]
    assert flows["reverse_packet_delta_count"].tolist() == [0, 3]


@pytest.mark.parametrize(("protocol", "port", "told"), [
    ("ICMP", "3.10", 3 << 8 | 10), ("ICMP6", "128.0", 128 << 8), ("ICMP", "771", 771), ("TCP", "443.0", 443),
    ("ICMP", "771.0", 771),
])  # fmt: skip
def test_types_of_icmp(protocol, port, told, tmp_path):
    flows, _ = read(tmp_path, NFDUMP_17.replace(",TCP,", f",{protocol},").replace(",443,", f",{port},"))
    assert flows["destination_transport_port"].tolist() == [told]


@pytest.mark.parametrize("flags", ["X", "-1", "70000", "0xzz", "AB"])
def test_flags_that_are_none_are_refused(flags, tmp_path):
    flows, reader = read(tmp_path, NFDUMP_17.replace("...AP.S.", flags))
    assert not len(flows) and list(reader.tally.dropped) == ["tcp_control_bits that cannot be read"]


@pytest.mark.parametrize(("name", "number", "nanoseconds"), [
    ("flowStartSeconds", "1536684162", 1536684162 * 10**9), ("flowStartMilliseconds", "5", 5_000_000),
    ("flowStartMicroseconds", "1536684162251001", 1536684162251001_000),
    ("flowStartNanoseconds", "1536684162251000001", 1536684162251000001),
    ("flowStartMilliseconds", "2018-09-11T18:42:42.251+02:00", START),
    ("flowStartMilliseconds", "9223372036000", 9223372036000 * 10**6),
])  # fmt: skip
def test_times_are_in_the_unit_of_their_name(name, number, nanoseconds, tmp_path):
    text = f"{name},sourceIPv4Address,destinationIPv4Address\n{number},1.1.1.1,2.2.2.2\n"
    flows, _ = read(tmp_path, text)
    assert flows["flow_start_nanoseconds"].tolist() == [nanoseconds] == flows["flow_end_nanoseconds"].tolist()


@pytest.mark.parametrize("number", ["9223372037000", "9999999999999999999", "18446744073709551616", "-1", "soon", ""])
def test_times_that_are_none_are_refused(number, tmp_path):
    text = f"flowStartMilliseconds,sourceIPv4Address,destinationIPv4Address\n{number},1.1.1.1,2.2.2.2\n"
    flows, reader = read(tmp_path, text)
    assert not len(flows) and list(reader.tally.dropped) == ["flow_start_nanoseconds that cannot be read"]


@pytest.mark.parametrize(("lasting", "ends"), [
    ("7.062", END), ("", START), ("00:00:07.062", END), ("1d 00:00:01", START + 86_401 * 10**9), ("long", None),
    ("-3", None),
])  # fmt: skip
def test_durations(lasting, ends, tmp_path):
    text = f"ts,td,sa,da,ibyt,ipkt\n2018-09-11T16:42:42.251Z,{lasting},1.1.1.1,2.2.2.2,9,1\n"
    flows, reader = read(tmp_path, text)
    assert flows["flow_end_nanoseconds"].tolist() == ([] if ends is None else [ends])
    assert bool(reader.tally.dropped) == (ends is None)


def test_of_our_own_table_no_other_programs_names_are_taken(tmp_path):
    text = (
        "flow_start,source_address,destination_address,octet_delta_count,packet_delta_count,ingress_interface,input,"
        "flags,Bytes\n2018-09-11T16:42:42Z,1.1.1.1,2.2.2.2,0,1,0,7,S,99\n"
    )
    flows, reader = read(tmp_path, text)
    told = {"ingress_interface": 0, "octet_delta_count": 0, "tcp_control_bits": 0, "input": 0}
    assert {column: flows[column].item() for column in told} == told
    assert reader.details == {}


def test_a_table_that_is_almost_one_is_told_by_what_it_has_and_lacks(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("src_ip,dst_ip,sport,bytes\n10.0.0.1,10.0.0.2,3,4\n")
    with pytest.raises(UnreadableInput, match=r"without a column for time \(it has src_ip, dst_ip, sport, bytes\)"):
        list(open_inputs([path]))
    path.write_text("ts,te,td,pr,val,fl,flP,ipkt,ipktP,ibyt\n1,2,3,any,10.0.0.1,1,1,1,1,1\n")
    with pytest.raises(UnreadableInput, match="without a column for source address and destination address"):
        list(open_inputs([path]))
    path.write_text("name,age\nAda,36\n")
    with pytest.raises(UnreadableInput, match="not a known format"):
        list(open_inputs([path]))


def netflow(**more):
    event = {
        "timestamp": "2018-09-11T16:43:50.000000+0000", "event_type": "netflow", "src_ip": "10.0.2.15",
        "src_port": 41320, "dest_ip": "13.107.21.200", "dest_port": 443, "proto": "TCP", "vlan": [12],
        "netflow": {"pkts": 2, "bytes": 126, "start": "2018-09-11T16:42:42.251000+0000",
                    "end": "2018-09-11T16:42:49.313000+0000", "age": 7},
        "tcp": {"tcp_flags": "1a"},
    }  # fmt: skip
    return json.dumps(event | more) + "\n"


def test_netflow_events_are_one_direction_each(tmp_path):
    flows, reader = read(tmp_path, netflow() + netflow(src_ip="13.107.21.200", dest_ip="10.0.2.15"), "eve")
    assert texts(flows["source_address"]) == ["10.0.2.15", "13.107.21.200"]
    told = {"octet_delta_count": 126, "packet_delta_count": 2, "tcp_control_bits": 26, "detail": 0, "vlan_id": 12,
            "flow_start_nanoseconds": START, "flow_end_nanoseconds": END, "reverse_octet_delta_count": 0}  # fmt: skip
    assert {column: flows[column][0] for column in told} == told
    assert reader.tally.notes == {"record whose octets include link-layer headers": 2}


def test_a_log_with_flow_and_netflow_events_counts_each_flow_once(tmp_path):
    both = {"pkts_toserver": 2, "bytes_toserver": 126, "pkts_toclient": 3, "bytes_toclient": 178,
            "start": "2018-09-11T16:42:42.251Z", "end": "2018-09-11T16:42:49.313Z"}  # fmt: skip
    flow = netflow(event_type="flow", flow=both)
    flows, reader = read(tmp_path, netflow() + flow + netflow() + netflow(event_type="stats"), "eve")
    assert (flows["octet_delta_count"].tolist(), flows["reverse_octet_delta_count"].tolist()) == ([126], [178])
    assert {reason: drop.units for reason, drop in reader.tally.dropped.items()} == {
        "event of flows that other events tell too": 2, "event of another kind": 1,
    }  # fmt: skip


def test_events_in_the_envelope_of_a_firewall_service(tmp_path):
    wrapped = json.dumps({"firewall_name": "f", "event_timestamp": "1", "event": json.loads(netflow())}) + "\n"
    plain, _ = read(tmp_path, netflow(), "eve")
    flows, _ = read(tmp_path, wrapped, "eve")
    assert all(np.array_equal(plain[column], flows[column]) for column in plain)


ZEEK_NAMES = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "duration", "history",
              "orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes")  # fmt: skip
ZEEK_VALUES = (1517336042.090842, "C1", "10.0.0.1", 14291, "10.0.0.2", 80, "tcp", 3.5, "Sh", 2, 104, 1, 40)


@pytest.mark.parametrize("form", ["csv", "zeek-cut -m", "underscores", "json", "nested", "json with underscores"])
def test_zeeks_names_in_other_forms(form, tmp_path):
    whole = dict(zip(ZEEK_NAMES, ZEEK_VALUES, strict=True))
    low = {name.replace("id.", "id_"): value for name, value in whole.items()}
    ends = {name[3:]: value for name, value in whole.items() if name.startswith("id.")}
    nested = {name: value for name, value in whole.items() if not name.startswith("id.")} | {"id": ends}

    def table(names, mark):
        return "\n".join([mark.join(names), mark.join(map(str, ZEEK_VALUES))]) + "\n"

    text = {"csv": table(whole, ","), "zeek-cut -m": table(whole, "\t"), "underscores": table(low, ","),
            "json": json.dumps(whole) + "\n", "nested": json.dumps(nested) + "\n",
            "json with underscores": json.dumps(low) + "\n"}[form]  # fmt: skip
    flows, reader = read(tmp_path, text, "zeek")
    told = {"octet_delta_count": 104, "reverse_octet_delta_count": 40, "packet_delta_count": 2, "tcp_control_bits": 2,
            "reverse_tcp_control_bits": 18, "flow_start_nanoseconds": 1517336042_090842_000,
            "source_transport_port": 14291, "destination_transport_port": 80, "detail": 2}  # fmt: skip
    assert {column: flows[column].item() for column in told} == told
    assert not reader.tally.dropped


def packed(text):
    try:
        return pack(text.partition("%")[0])
    except ValueError:
        return None


PIECES = st.sampled_from(
    [*"0123456789abcdefF:.%x ", "::", "ffff:", "255", "256", "010", "1.2.3.4", "\0", "é", "2001:db8"]
)


@given(st.lists(st.lists(PIECES, max_size=9).map("".join), max_size=30))
@settings(max_examples=300, deadline=None)
def test_addresses_are_those_of_the_standard_library(lines):
    lines = [*lines, "::", "0.0.0.0", "fe80::1%eth0", "::ffff:1.2.3.4", "1.2.3.4"]
    table, valid = addresses(pa.array(lines, pa.string()))
    told = [tuple(row) if good else None for row, good in zip(table.tolist(), valid.tolist(), strict=True)]
    assert told == [packed(line) for line in lines]


def test_no_addresses_at_all():
    table, valid = addresses(pa.array([], pa.string()))
    assert table.shape == (0, 2) and valid.shape == (0,)
