"""Flow export messages of every version: fields, templates, records."""

import struct

from naive.messages import COUNTED, KEY, KEYS, NOW, SECOND, counted, decode, ipfix, template, v5, v5_record, v9

from netwatch.model.address import texts
from netwatch.model.elements import Detail


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
