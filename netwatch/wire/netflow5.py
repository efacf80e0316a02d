"""NetFlow versions 1, 5 and 7: records of one fixed form each (Cisco, "NetFlow Export Datagram Format").

They are told as templates of IPFIX elements, so that one decoder serves all versions.
"""

from __future__ import annotations

from netwatch.wire.template import Field, Template

PADDING = 210
"""The element paddingOctets, for what is not kept."""


def _template(version: int, *fields: tuple[int, int]) -> Template:
    return Template(version, tuple(Field(element, 0, length) for element, length in fields))


_COMMON = (
    (8, 4),  # sourceIPv4Address
    (12, 4),  # destinationIPv4Address
    (15, 4),  # ipNextHopIPv4Address
    (10, 2),  # ingressInterface
    (14, 2),  # egressInterface
    (2, 4),  # packetDeltaCount
    (1, 4),  # octetDeltaCount
    (22, 4),  # flowStartSysUpTime
    (21, 4),  # flowEndSysUpTime
    (7, 2),  # sourceTransportPort
    (11, 2),  # destinationTransportPort
)
_TRAFFIC = (
    (PADDING, 1),
    (6, 1),  # tcpControlBits
    (4, 1),  # protocolIdentifier
    (5, 1),  # ipClassOfService
    (16, 2),  # bgpSourceAsNumber
    (17, 2),  # bgpDestinationAsNumber
    (9, 1),  # sourceIPv4PrefixLength
    (13, 1),  # destinationIPv4PrefixLength
    (PADDING, 2),
)
VERSION_1 = _template(1, *_COMMON, (PADDING, 2), (4, 1), (5, 1), (6, 1), (PADDING, 11))
VERSION_5 = _template(5, *_COMMON, *_TRAFFIC)
VERSION_7 = _template(7, *_COMMON, *_TRAFFIC, (PADDING, 4))
