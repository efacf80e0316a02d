"""The obvious twin of the kernel that counts half flows towards floors: dictionaries, a key at a time."""

from collections import defaultdict

HOME = {1: 2, 2: 1}


def halves(flow):
    """Both directions of a flow (a dict): (sender, receiver, own port, port, protocol, flags, packets, octets, back,
    direction).
    """
    yield (flow["source"], flow["destination"], flow["source_port"], flow["destination_port"], flow["protocol"],
           flow["flags"], flow["packets"], flow["octets"], flow["reverse_packets"], flow["direction"])  # fmt: skip
    yield (flow["destination"], flow["source"], flow["destination_port"], flow["source_port"], flow["protocol"],
           flow["reverse_flags"], flow["reverse_packets"], flow["reverse_octets"], flow["packets"],
           HOME.get(flow["direction"], flow["direction"]))  # fmt: skip


def network(address):
    """The /24 of an IPv4 address, the /64 of another."""
    return (4, address >> 8) if address >> 32 == 0xFFFF else (6, address >> 64)


def reached(flows, floors, looks_at):
    """Names of the floors reached, and (what, address or network) of whom; ``looks_at(floor, protocol, flags,
    unanswered)`` says whether a half's manner counts.
    """
    kinds, marked = set(), set()
    for name, floor in floors:
        counts, seen = defaultdict(float), set()
        for flow in flows:
            for sender, receiver, own, port, protocol, flags, packets, octets, back, direction in halves(flow):
                portless = floor.portless and protocol == 6 and own == port == 0
                if packets <= 0 or not (looks_at(floor, protocol, flags, back <= 0) or portless):
                    continue
                if (floor.ports is not None and port not in floor.ports) or (
                    floor.directions is not None and direction not in floor.directions
                ):
                    continue
                parts = {"sender": sender, "receiver": receiver, "port": port, "protocol": protocol,
                         "network": network(receiver)}  # fmt: skip
                key = (*(parts[part] for part in floor.key), flow["start"] // (floor.seconds * 10**6 or 1 << 62))
                amounts = {"halves": 1, "packets": packets * flow["interval"], "octets": octets * flow["interval"],
                           "receivers": (key, receiver) not in seen}  # fmt: skip
                seen.add((key, receiver))
                counts[key] += amounts[floor.of]
                if counts[key] >= floor.least:
                    kinds.add(name)
                    marked.add((floor.marks or "sender", parts[floor.marks or "sender"]))
    return kinds, marked
