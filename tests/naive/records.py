"""Data records of IPFIX, one field after the other: the slow and obvious twin of ``kernels/records.py``."""

VARIABLE = 0xFFFF
MAPPED = 0xFFFF << 32
COUNTERS = {1: ("octet_delta_count", 63), 2: ("packet_delta_count", 63), 10: ("ingress_interface", 32),
            14: ("egress_interface", 32), 16: ("bgp_source_as_number", 32), 7: ("source_transport_port", 16),
            11: ("destination_transport_port", 16), 6: ("tcp_control_bits", 16), 58: ("vlan_id", 16),
            4: ("protocol_identifier", 8), 5: ("ip_class_of_service", 8), 136: ("flow_end_reason", 8)}  # fmt: skip
ADDRESSES = {8: "source_address", 12: "destination_address"}
START, END = 150, 151
DAY, YEAR = 86_400 * 10**9, 366 * 86_400 * 10**9


def pieces(content: bytes, fields: list[tuple[int, int]]) -> list[list[tuple[int, bytes]]]:
    """Each whole record as (element, octets); what does not make up one is left."""
    records, place = [], 0
    while True:
        record = []
        for element, length in fields:
            size = length
            if length == VARIABLE:
                if place + 1 > len(content):
                    return records
                size, place = content[place], place + 1
                if size == 255:
                    if place + 2 > len(content):
                        return records
                    size, place = int.from_bytes(content[place : place + 2], "big"), place + 2
            if place + size > len(content):
                return records
            record.append((element, content[place : place + size]))
            place += size
        records.append(record)


def flow(record: list[tuple[int, bytes]], export: int) -> dict[str, int]:
    """What the columns of one record hold; times in ns."""
    row = {name: 0 for name, _ in COUNTERS.values()} | dict.fromkeys(ADDRESSES.values(), 0)
    times = {START: 0, END: 0}
    for element, octets in record:
        number = int.from_bytes(octets, "big")
        if element in COUNTERS and 0 < len(octets) <= 8:
            name, bits = COUNTERS[element]
            row[name] = min(number, 2**bits - 1)
        elif element in ADDRESSES and len(octets) == 4:
            row[ADDRESSES[element]] = MAPPED | number
        elif element in times and 0 < len(octets) <= 8:
            times[element] = min(number, 9_223_372_036) * 10**9
    row["flow_start_nanoseconds"], row["flow_end_nanoseconds"] = settled(times[START], times[END], export)
    return row


def settled(start: int, end: int, export: int) -> tuple[int, int]:
    """Times as docs/formats.md has them."""
    if not start and not end:
        return export, export
    start, end = start or end, end or start
    if max(start, end) > export + DAY:
        return export, export
    return min(start, end), end
