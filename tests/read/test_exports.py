"""Flow export messages: every version, the quirks of exporters, and the tally law on damaged messages."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.model.address import pack, texts
from netwatch.model.elements import Detail
from netwatch.read.base import ReadOptions
from netwatch.read.exports import ExportDecoder

SECOND = 1_000_000_000
NOW = 1_600_000_000


def v5(records, sequence=0, uptime=3_600_000, seconds=NOW, interval=0, count=None):
    head = struct.pack(
        ">HHIIIIBBH", 5, len(records) if count is None else count, uptime, seconds, 0, sequence, 1, 2, interval
    )
    return head + b"".join(records)


def v5_record(first=3_599_000, last=3_600_000, packets=3, octets=300, source="10.0.0.1"):
    a = int(pack(source)[1]) & 0xFFFFFFFF
    return struct.pack(
        ">IIIHHIIIIHHBBBBHHBBH",
        a, 0xC0000201, 0x0A000001, 7, 8, packets, octets, first, last, 1234, 80, 0, 0x1B, 6, 4, 64500, 64501, 24, 24, 0,
    )  # fmt: skip


def sets(*parts):
    out = b""
    for number, content in parts:
        out += struct.pack(">HH", number, len(content) + 4) + content
    return out


def template(number, *fields, scopes=None):
    out = struct.pack(">HH", number, len(fields)) + (struct.pack(">H", scopes) if scopes else b"")
    for element, length, *enterprise in fields:
        out += struct.pack(">HH", element | (0x8000 if enterprise else 0), length)
        out += struct.pack(">I", enterprise[0]) if enterprise else b""
    return out


def ipfix(*parts, sequence=0, domain=0, seconds=NOW):
    body = sets(*parts)
    return struct.pack(">HHIII", 10, len(body) + 16, seconds, sequence, domain) + body


def v9(*parts, sequence=0, domain=0, uptime=3_600_000, seconds=NOW, count=1):
    return struct.pack(">HHIIII", 9, count, uptime, seconds, sequence, domain) + sets(*parts)


KEYS = ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1))
KEY = bytes([10, 0, 0, 1, 192, 0, 2, 1]) + struct.pack(">HHB", 1234, 80, 6)
COUNTED = (*KEYS, (1, 8), (2, 8), (152, 8), (153, 8))


def counted(octets=1000, packets=10, start=NOW - 10, end=NOW):
    return KEY + struct.pack(">QQQQ", octets, packets, start * 1000, end * 1000)


def decode(*messages, decoder=None, exporter="192.0.2.9", time=0):
    decoder = decoder or ExportDecoder(ReadOptions(), 5)
    octets = np.frombuffer(b"".join(messages), np.uint8)
    length = np.array([len(m) for m in messages], np.int64)
    start = np.cumsum(length) - length
    who = np.tile(np.array(pack(exporter), np.uint64), (len(messages), 1))
    n = len(messages)
    flows = decoder.add(octets, start, length, who, np.full(n, time, np.int64), np.arange(1, n + 1))
    assert decoder.tally.balanced
    return flows, decoder


def test_version_5_fields():
    flows, decoder = decode(v5([v5_record(), v5_record(source="10.0.0.2")], interval=0x4064))
    assert texts(flows["source_address"]) == ["10.0.0.1", "10.0.0.2"]
    assert texts(flows["destination_address"]) == ["192.0.2.1"] * 2
    assert texts(flows["next_hop_address"]) == ["10.0.0.1"] * 2
    assert texts(flows["exporter_address"]) == ["192.0.2.9"] * 2
    expected = {
        "flow_start_nanoseconds": (NOW - 1) * SECOND, "flow_end_nanoseconds": NOW * SECOND, "octet_delta_count": 300,
        "packet_delta_count": 3, "source_transport_port": 1234, "destination_transport_port": 80,
        "protocol_identifier": 6, "tcp_control_bits": 0x1B, "ip_class_of_service": 4, "ingress_interface": 7,
        "egress_interface": 8, "bgp_source_as_number": 64500, "bgp_destination_as_number": 64501,
        "sampling_packet_interval": 100, "observation_domain_id": 0x102, "input": 5, "first_frame": 1, "detail": 0,
    }  # fmt: skip
    assert {name: flows[name][0] for name in expected} == expected
    assert (decoder.tally.kept, decoder.tally.kept_octets) == (2, 24 + 96)


def test_versions_1_and_7():
    record = v5_record()
    one = struct.pack(">HHIII", 1, 1, 3_600_000, NOW, 0) + record[:36] + bytes([0, 0, 17, 5, 2]) + bytes(11)
    seven = struct.pack(">HHIIIII", 7, 1, 3_600_000, NOW, 0, 9, 0) + record + bytes(4)
    flows, _ = decode(one, seven)
    assert flows["protocol_identifier"].tolist() == [17, 6]
    assert flows["tcp_control_bits"].tolist() == [2, 0x1B]
    assert flows["octet_delta_count"].tolist() == [300, 300]
    assert flows["bgp_source_as_number"].tolist() == [0, 64500]


def test_uptime_rolls_over_every_49_days():
    """The flow began before the counter of ms went past 2**32, the message left after."""
    flows, _ = decode(v5([v5_record(first=2**32 - 5000, last=1000)], uptime=2000))
    assert flows["flow_start_nanoseconds"][0] == NOW * SECOND - 7_000_000_000
    assert flows["flow_end_nanoseconds"][0] == NOW * SECOND - 1_000_000_000


def test_template_after_data_is_waited_for():
    late = v9((256, counted()), sequence=1), v9((0, template(256, *COUNTED)), sequence=2)
    flows, decoder = decode(*late)
    assert flows["octet_delta_count"].tolist() == [1000]
    assert decoder.tally.notes["record that came before its template"] == 1
    flows, decoder = decode(late[0])
    assert not len(flows)
    decoder.finish()
    assert decoder.tally.dropped["template never seen (data sets)"].units == 1
    assert decoder.tally.balanced
    assert decoder.tally.seen_octets == len(late[0])


def test_octets_behind_the_last_record_of_a_set_that_waited_are_accounted():
    """Found by fuzzing: a set of records of variable length, the last one cut short, before its template."""
    fields = template(256, (8, 4), (371, 0xFFFF), (1, 8))
    record = b"\x0a\0\0\1\x02hi" + bytes(8)
    messages = ipfix((256, record + b"\x0a\0\0\2\xff")), ipfix((2, fields), sequence=1)
    flows, decoder = decode(*messages)
    decoder.finish()
    assert len(flows) == 1
    assert decoder.tally.seen_octets == sum(map(len, messages))


def test_domains_have_templates_of_their_own():
    other = template(256, (12, 4), (8, 4), (1, 4))
    flows, _ = decode(
        ipfix((2, template(256, *COUNTED)), (256, counted()), domain=1),
        ipfix((2, other), (256, bytes([1, 1, 1, 1, 2, 2, 2, 2]) + struct.pack(">I", 7)), domain=2),
        ipfix((256, counted(octets=5)), domain=1, sequence=1),
    )
    assert flows["octet_delta_count"].tolist() == [1000, 7, 5]
    assert flows["observation_domain_id"].tolist() == [1, 2, 1]
    assert texts(flows["source_address"])[1] == "2.2.2.2"


def test_template_changes_between_messages():
    flows, decoder = decode(
        ipfix((2, template(256, *COUNTED)), (256, counted())),
        ipfix((2, template(256, (8, 4), (1, 4))), (256, struct.pack(">II", 1, 9)), sequence=1),
        ipfix((2, template(256, *COUNTED)), (256, counted(octets=5)), sequence=2),
    )
    assert flows["octet_delta_count"].tolist() == [1000, 9, 5]
    assert decoder.tally.notes["template changed"] == 2


def test_withdrawn_template_no_longer_holds():
    flows, decoder = decode(
        ipfix((2, template(256, *COUNTED)), (256, counted())),
        ipfix((2, struct.pack(">HH", 256, 0))),
        ipfix((256, counted())),
    )
    assert len(flows) == 1
    decoder.finish()
    assert decoder.tally.dropped["template never seen (data sets)"].units == 1


def test_reduced_size_and_wide_counters():
    fields = (*KEYS, (1, 3), (2, 1), (10, 4), (16, 2), (6, 2))
    flows, _ = decode(
        ipfix((2, template(300, *fields)), (300, KEY + b"\x01\x02\x03\x07" + struct.pack(">IHH", 70000, 65000, 0x112)))
    )
    assert flows["octet_delta_count"][0] == 0x010203
    assert flows["packet_delta_count"][0] == 7
    assert flows["ingress_interface"][0] == 70000
    assert flows["tcp_control_bits"][0] == 0x112


def test_variable_length_fields_and_enterprise_elements():
    fields = ((8, 4), (371, 0xFFFF), (12, 4), (100, 0xFFFF, 12345), (1, 8), (291, 0xFFFF))
    name = b"\x03bob"
    long = b"\xff" + struct.pack(">H", 300) + bytes(300)
    record = bytes([10, 0, 0, 1]) + name + bytes([10, 0, 0, 2]) + long + struct.pack(">Q", 77) + b"\x00"
    flows, decoder = decode(ipfix((2, template(256, *fields)), (256, record * 3 + b"\0\0")))
    assert flows["octet_delta_count"].tolist() == [77] * 3
    assert texts(flows["destination_address"]) == ["10.0.0.2"] * 3
    assert decoder.tally.kept == 3


def test_biflow_with_reverse_elements():
    fields = (*COUNTED, (1, 8, 29305), (2, 8, 29305), (6, 1, 29305))
    flows, _ = decode(ipfix((2, template(256, *fields)), (256, counted() + struct.pack(">QQB", 50, 2, 0x12))))
    assert flows["reverse_octet_delta_count"][0] == 50
    assert flows["reverse_packet_delta_count"][0] == 2
    assert flows["reverse_tcp_control_bits"][0] == 0x12
    assert flows["detail"][0] == Detail.BIFLOW


@pytest.mark.parametrize(
    ("start", "end", "kind", "expected"),
    [
        (150, 151, struct.pack(">II", NOW - 5, NOW), 5 * SECOND),
        (152, 153, struct.pack(">QQ", (NOW - 5) * 1000, NOW * 1000), 5 * SECOND),
        (158, 159, struct.pack(">II", 5_000_000, 0), 5 * SECOND),
        (156, 157, struct.pack(">IIII", NOW - 5 + 2_208_988_800, 1 << 31, NOW + 2_208_988_800, 0), 4.5 * SECOND),
        (154, 155, struct.pack(">IIII", NOW - 5 + 2_208_988_800, 1 << 31, NOW + 2_208_988_800, 0), 4.5 * SECOND),
        (154, 155, struct.pack(">QQ", (NOW - 5) * 10**6, NOW * 10**6), 5 * SECOND),
        (156, 157, struct.pack(">QQ", (NOW - 5) * 10**9, NOW * 10**9), 5 * SECOND),
    ],
    ids=["seconds", "milliseconds", "before the export", "NTP ns", "NTP µs", "µs since 1970", "ns since 1970"],
)
def test_kinds_of_time(start, end, kind, expected):
    fields = (*KEYS, (1, 4), (start, len(kind) // 2), (end, len(kind) // 2))
    flows, _ = decode(ipfix((2, template(256, *fields)), (256, KEY + struct.pack(">I", 9) + kind)))
    assert flows["flow_end_nanoseconds"][0] == NOW * SECOND
    assert flows["flow_end_nanoseconds"][0] - flows["flow_start_nanoseconds"][0] == expected


def test_uptimes_by_the_records_own_start():
    fields = (*KEYS, (1, 4), (160, 8), (22, 4), (21, 4))
    boot = (NOW - 100) * 1000
    record = KEY + struct.pack(">IQII", 9, boot, 90_000, 95_000)
    flows, _ = decode(ipfix((2, template(256, *fields)), (256, record)))
    assert flows["flow_start_nanoseconds"][0] == (NOW - 10) * SECOND
    assert flows["flow_end_nanoseconds"][0] == (NOW - 5) * SECOND


def test_uptimes_without_a_start_keep_the_duration_only():
    fields = (*KEYS, (1, 4), (22, 4), (21, 4))
    flows, decoder = decode(ipfix((2, template(256, *fields)), (256, KEY + struct.pack(">III", 9, 90_000, 95_000))))
    assert flows["flow_end_nanoseconds"][0] == NOW * SECOND
    assert flows["flow_start_nanoseconds"][0] == (NOW - 5) * SECOND
    assert sum(n for text, n in decoder.tally.notes.items() if "uptimes of an exporter" in text) == 1


def test_wrong_times_are_counted_and_never_used():
    swapped = counted(start=NOW, end=NOW - 60)
    future = counted(start=NOW + 10**6, end=NOW + 10**6)
    nothing = counted(start=0, end=0)
    old = counted(start=NOW - 10**9, end=NOW - 10**9)
    flows, decoder = decode(ipfix((2, template(256, *COUNTED)), (256, swapped + future + nothing + old)))
    assert (flows["flow_start_nanoseconds"] <= flows["flow_end_nanoseconds"]).all()
    assert flows["flow_end_nanoseconds"].tolist() == [t * SECOND for t in (NOW - 60, NOW, NOW, NOW - 10**9)]
    wrong = [n for text, n in decoder.tally.notes.items() if text.startswith("record ")]
    assert wrong == [1, 1, 1, 1]


def test_clock_never_set_takes_the_captures():
    flows, decoder = decode(v5([v5_record()], seconds=86_400), time=NOW * SECOND)
    assert flows["flow_end_nanoseconds"][0] == NOW * SECOND
    assert decoder.tally.notes["message of an exporter whose clock was never set (time of capture used)"] == 1


def sampled(number, *fields):
    return template(number, (149, 4), *fields, scopes=1)


@pytest.mark.parametrize(
    ("fields", "values", "interval"),
    [
        (((34, 4),), struct.pack(">I", 512), 512),
        (((305, 4), (306, 4)), struct.pack(">II", 1, 999), 1000),
        (((305, 4),), struct.pack(">I", 100), 100),
        (((50, 4),), struct.pack(">I", 64), 64),
        (((309, 4), (310, 4)), struct.pack(">II", 2, 400), 200),
        (((311, 8),), struct.pack(">d", 0.001), 1000),
        (((34, 4),), struct.pack(">I", 0), 1),
    ],
)
def test_sampling_told_in_options(fields, values, interval):
    before = ipfix((2, template(256, *COUNTED)), (256, counted()))
    told = ipfix((3, sampled(400, *fields)), (400, struct.pack(">I", 0) + values), sequence=1)
    after = ipfix((256, counted(octets=1001)), sequence=2)
    flows, _ = decode(before, told, after)
    assert flows["sampling_packet_interval"].tolist() == [1, interval]
    assert flows["octet_delta_count"].tolist() == [1000, 1001]


def test_sampling_told_in_another_domain_of_the_same_exporter():
    told = v9(
        (1, struct.pack(">HHH", 400, 4, 4) + struct.pack(">HHHH", 1, 4, 34, 4)), (400, struct.pack(">II", 0, 128))
    )
    data = v9((0, template(256, *COUNTED)), (256, counted()), domain=7)
    flows, decoder = decode(told, data)
    assert flows["sampling_packet_interval"].tolist() == [128]
    flows, _ = decode(data, decoder=decoder, exporter="192.0.2.10")
    assert flows["sampling_packet_interval"].tolist() == [1]


def test_records_name_their_sampler():
    options = template(400, (149, 4), (302, 8), (305, 4), (306, 4), scopes=1)
    told = struct.pack(">IQII", 0, 1, 1, 9) + struct.pack(">IQII", 0, 2, 1, 99)
    data = template(256, *COUNTED, (302, 8))
    records = [counted(octets=o) + struct.pack(">Q", s) for o, s in ((1, 1), (2, 2), (3, 9))]
    flows, _ = decode(ipfix((3, options), (400, told), (2, data), (256, b"".join(records))))
    assert flows["sampling_packet_interval"].tolist() == [10, 100, 1]


def test_names_are_kept_and_made_harmless():
    options = template(400, (10, 4), (82, 8), scopes=1)
    _, decoder = decode(ipfix((3, options), (400, struct.pack(">I", 3) + b"ge\x1b[0/1\0")))
    assert decoder.details["interfaces"] == {"192.0.2.9 3": "ge\\x1b[0/1"}


def test_lost_late_and_restarted():
    def one(sequence, octets):
        return v5([v5_record(octets=octets), v5_record()], sequence=sequence)

    _, decoder = decode(one(0, 1), one(2, 2), one(10, 3))
    assert decoder.tally.lost == 6
    assert decoder.tally.notes["flow records lost"] == 6
    _, decoder = decode(one(0, 1), one(4, 2), one(2, 3), one(6, 4))
    assert decoder.tally.lost == 0
    _, decoder = decode(one(2**32 - 2, 1), one(0, 2))
    assert decoder.tally.lost == 0
    _, decoder = decode(one(5_000_000, 1), one(0, 2))
    assert (decoder.tally.lost, decoder.tally.notes["exporter started again"]) == (0, 1)


def test_version_9_counts_messages():
    head = v9((0, template(256, *COUNTED)), sequence=1)
    _, decoder = decode(head, *[v9((256, counted(octets=k) * 4), sequence=2 + k) for k in (0, 1, 2, 7)])
    assert decoder.tally.notes["export messages lost"] == 4
    assert decoder.tally.lost == 4 * 16 // 5


def test_exporter_that_numbers_records_in_version_9():
    head = v9((0, template(256, *COUNTED)), sequence=0)
    _, decoder = decode(head, *[v9((256, counted(octets=k) * 4), sequence=4 * k) for k in range(20)])
    assert decoder.tally.lost == 0


def test_the_same_message_twice_counts_once():
    message = v5([v5_record(), v5_record()])
    flows, decoder = decode(message, message)
    assert len(flows) == 2
    drop = decoder.tally.dropped["message exported twice"]
    assert (drop.units, drop.octets) == (2, len(message))


def test_dual_stack_template():
    fields = ((8, 4), (12, 4), (27, 16), (28, 16), (1, 8))
    six = bytes.fromhex("20010db8000000000000000000000001")
    four = bytes([10, 0, 0, 1, 10, 0, 0, 2]) + bytes(32) + struct.pack(">Q", 4)
    flows, _ = decode(ipfix((2, template(256, *fields)), (256, four + bytes(8) + six + six + struct.pack(">Q", 6))))
    assert texts(flows["source_address"]) == ["10.0.0.1", "2001:db8::1"]


def test_icmp_type_becomes_the_port():
    flows, _ = decode(ipfix((2, template(256, (8, 4), (12, 4), (4, 1), (32, 2))), (256, bytes(8) + b"\x01\x08\x00")))
    assert flows["destination_transport_port"][0] == 0x800


def test_records_that_are_no_flows_are_left_out():
    _, decoder = decode(ipfix((2, template(256, (41, 8), (42, 8))), (256, bytes(32))))
    assert decoder.tally.dropped["record without addresses"].units == 2


def test_only_whole_messages_are_recognised():
    good = [v5([v5_record()]), v9((0, template(256, *COUNTED))), ipfix((2, template(256, *COUNTED)), (256, counted()))]
    bad = [good[0][:-1], good[0] + b"\0", good[1][:-2], good[2][:-1], good[2] + b"\0", b"\0\x09" + bytes(200)]
    octets = np.frombuffer(b"".join(good + bad), np.uint8)
    length = np.array([len(m) for m in good + bad], np.int64)
    found = ExportDecoder.recognise(octets, np.cumsum(length) - length, length)
    assert found.tolist() == [True] * 3 + [False] * 6


MESSAGES = [
    v5([v5_record(), v5_record(source="10.0.0.2")]),
    v9(
        (0, template(256, *COUNTED)), (1, struct.pack(">HHHHHHH", 400, 4, 4, 1, 4, 34, 4)),
        (256, counted()), (400, bytes(8)),
    ),
    ipfix((2, template(256, (8, 4), (371, 0xFFFF), (1, 8))), (256, (b"\x0a\0\0\1\x02hi" + bytes(8)) * 2)),
]  # fmt: skip


@pytest.mark.parametrize("message", MESSAGES, ids=["v5", "v9", "IPFIX"])
def test_every_flip_and_every_cut_is_accounted(message):
    broken = [message[:cut] for cut in range(len(message))]
    for place in range(len(message)):
        for bit in (0x01, 0x80, 0xFF):
            broken.append(message[:place] + bytes([message[place] ^ bit]) + message[place + 1 :])
    for damaged in broken:
        decoder = ExportDecoder(ReadOptions(), 0)
        flows, _ = decode(damaged, message, decoder=decoder)
        decoder.finish()
        assert decoder.tally.balanced
        assert decoder.tally.seen_octets == len(damaged) + len(message)
        assert (flows["flow_start_nanoseconds"] <= flows["flow_end_nanoseconds"]).all()


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=8), st.sampled_from([b"\0\5", b"\0\x09", b"\0\x0a", b""]))
@settings(max_examples=300, deadline=None)
def test_arbitrary_octets_are_accounted(parts, head):
    messages = [head + part for part in parts]
    _, decoder = decode(*messages)
    decoder.finish()
    assert decoder.tally.balanced
    assert decoder.tally.seen_octets == sum(map(len, messages))


def test_many_templates_are_bounded():
    """60,000 templates in 60 domains, all different: only so many layouts are kept, all octets are accounted."""
    messages = []
    for domain in range(60):
        many = b"".join(template(256 + k, (8, 4), (1, 1 + k % 8), (1000 + domain, 1 + k % 4000)) for k in range(1000))
        messages += [ipfix((2, many[p : p + 60_000]), domain=domain) for p in range(0, len(many), 60_000)]
    _, decoder = decode(*messages)
    assert decoder.tally.seen_octets == sum(map(len, messages))
    assert decoder.tally.notes["template beyond those kept"] > 0


def test_template_that_claims_65535_fields():
    _, decoder = decode(ipfix((2, struct.pack(">HH", 256, 0xFFFF) + bytes(64))))
    assert "template set: template goes beyond its set" in decoder.tally.dropped
