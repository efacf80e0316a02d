"""Keys of conversations: client, server, service port and protocol in 35 octets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.fingerprint.applications import service_is_source
from netwatch.model.address import to_octets
from netwatch.model.flows import Flows

KEY = 35


class Keyed(NamedTuple):
    """``keys`` V35 (n,) and ``swapped`` bool (n,): the flow's source is the server."""

    keys: np.ndarray
    swapped: np.ndarray


def conversation_keys(flows: Flows) -> Keyed:
    """The conversation that each flow belongs to, told by orientation and ports alone, so that it can be told again
    when payload is gone.
    """
    swapped = service_is_source(flows)
    source, destination = to_octets(flows["source_address"]), to_octets(flows["destination_address"])
    port = np.where(swapped, flows["source_transport_port"], flows["destination_transport_port"])
    return Keyed(pack_keys(
        np.where(swapped[:, None], destination, source),
        np.where(swapped[:, None], source, destination),
        port,
        flows["protocol_identifier"],
    ), swapped)  # fmt: skip


def pack_keys(client: np.ndarray, server: np.ndarray, port: np.ndarray, protocol: np.ndarray) -> np.ndarray:
    """V35 (n,) from addresses uint8 (n, 16), ports and protocols."""
    octets = np.empty((len(port), KEY), np.uint8)
    octets[:, :16], octets[:, 16:32] = client, server
    octets[:, 32], octets[:, 33], octets[:, 34] = port >> 8, port & 0xFF, protocol
    return octets.view(f"V{KEY}").reshape(-1)


def address_pair(key: bytes) -> tuple[bytes, bytes]:
    """Client and server, 16 octets each."""
    return key[:16], key[16:32]
