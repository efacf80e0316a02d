"""``Datagrams``: a UDP socket that export messages come to, read in batches."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from netwatch.errors import UsageError
from netwatch.model.address import pack

LARGEST = 65_536
"""Octets that a datagram may have."""
ROOM = 8 << 20
"""Octets of a batch."""
KERNEL_ROOM = 32 << 20
"""Octets that the kernel is asked to hold for us; it gives what net.core.rmem_max allows."""
SO_RXQ_OVFL = 40
"""Linux: each datagram comes with the number of those that the socket dropped before it (socket(7))."""


class Arrival(NamedTuple):
    """Datagrams that came: places in ``octets`` (uint8, valid until the next are received), senders uint64 (n, 2), and
    the times at which they came, int64 ns UTC.
    """

    octets: np.ndarray
    start: np.ndarray
    length: np.ndarray
    sender: np.ndarray
    time: np.ndarray


class Datagrams:
    """A bound socket. ``dropped``: datagrams that the kernel had no room for. ``kernel_room``: octets it holds."""

    def __init__(self, host: str, port: int, clock: Callable[[], int]) -> None:
        """Bind.

        Raises:
            UsageError: the address cannot be listened on.

        """
        self._clock = clock
        self._buffer = np.empty(ROOM, np.uint8)
        self._senders: dict[str, tuple[int, int]] = {}
        self.dropped = 0
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
            )[0]
            self._socket = socket.socket(family, kind, protocol)
            try:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_ROOM)
                self._socket.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)
                self._socket.bind(address)
            except OSError:
                self._socket.close()
                raise
        except (OSError, OverflowError, UnicodeError) as fault:
            raise UsageError(f"cannot listen on {host} port {port}: {fault}") from fault
        self.kernel_room: int = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        self.port: int = self._socket.getsockname()[1]

    def receive(self, until: int, most: int) -> Arrival:
        """Wait for datagrams until the clock says ``until`` (ns), or ``most`` came or no more fit into a batch."""
        view = self._buffer.data
        place = 0
        rows: list[tuple[int, int, int, int, int]] = []
        while len(rows) < most and place + LARGEST <= ROOM:
            left = until - self._clock()
            if left <= 0:
                break
            self._socket.settimeout(left / 1e9)
            try:
                size, about, _, sender = self._socket.recvmsg_into([view[place : place + LARGEST]], 64)
            except TimeoutError:
                break
            except ConnectionError:
                continue  # an ICMP error that a datagram of someone else drew upon this port
            self._count(about)
            rows.append((place, size, *self._sender(sender[0]), self._clock()))
            place += size
        columns = np.array(rows or np.empty((0, 5)), object).reshape(-1, 5)
        start, length, high, low, time = columns.T
        octets = self._buffer[:place]
        sender = np.stack([high.astype(np.uint64), low.astype(np.uint64)], axis=1)
        return Arrival(octets, start.astype(np.int64), length.astype(np.int64), sender, time.astype(np.int64))

    def _count(self, about: list[tuple[int, int, bytes]]) -> None:
        for level, kind, value in about:
            if level == socket.SOL_SOCKET and kind == SO_RXQ_OVFL and len(value) == 4:
                # The kernel counts in 32 bits.
                (count,) = struct.unpack("=I", value)
                self.dropped += (count - self.dropped) & 0xFFFF_FFFF

    def _sender(self, name: str) -> tuple[int, int]:
        if name not in self._senders:
            if len(self._senders) >= 1 << 16:
                self._senders.clear()  # senders can be forged
            self._senders[name] = pack(name.partition("%")[0])
        return self._senders[name]

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()
