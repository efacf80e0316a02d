"""What exporters tell of themselves, and get wrong: clocks, sampling, names, sequence numbers."""

import struct

import pytest
from naive.messages import COUNTED, KEY, KEYS, NOW, SECOND, counted, decode, ipfix, sampled, template, v5, v5_record, v9


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


def test_less_than_a_header_says_is_noted():
    known, options = (0, template(256, *COUNTED)), (1, struct.pack(">HHHHHHH", 400, 4, 4, 1, 4, 34, 4))
    whole = v9(known, options, (256, counted() * 2), (400, bytes(8)), count=5)
    short = v9((256, counted(octets=2)), count=3, sequence=1)
    shorter = v9(known, (256, counted(octets=3)), count=3, sequence=2)
    flows_only = v9(known, (256, counted(octets=4)), count=1, sequence=3)  # as softflowd counts
    unknown = v9((300, counted(octets=5)), count=2, sequence=4)
    broken = v9((0, struct.pack(">HHHH", 257, 9, 8, 4)), (256, counted(octets=6)), count=9, sequence=5)
    flows, decoder = decode(whole, short, shorter, flows_only, unknown, broken)
    assert len(flows) == 6
    assert decoder.tally.notes["message with fewer records than its header says"] == 2
    _, decoder = decode(whole, flows_only, unknown, broken)
    assert "message with fewer records than its header says" not in decoder.tally.notes
