"""What the payload of each open flow shows: its first octets, and the sizes and times of its messages.

Kept aside from the flow table, and only for flows that carry payload. All memory is bounded: slots, chunks of octets
and rows of push times come from pools; a flow that finds them empty is metered all the same, and counted as unkept.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from netwatch.kernels.jit import inlined, part
from netwatch.kernels.memory import copy_octets
from netwatch.kernels.pool import Pool, give, take

HEAD = 512
SIZES = 4
PUSHES = 32
CHUNK = 64
MERGE = 50_000_000
"""ns: packets of one direction no further apart are one message."""
ANSWER = 3_000_000_000
"""ns: an answer is a reverse message that starts no later after the forward one."""
LARGE = 1000
"""Octets over which a message is large."""
REPEAT = 1 << 20
"""Octets behind the newest within which a TCP segment is a repeat; one further behind starts anew."""
NONE, FORWARD, REVERSE = -1, 0, 1
SYN = 2
TCP = 6

EXCHANGE = np.dtype(
    [
        ("first_chunk", "i4", 2),
        ("last_chunk", "i4", 2),
        ("expected", "u4", 2),  # next TCP sequence number
        ("head_length", "u2", 2),
        ("first", "u2", 2),  # octets of the direction's first message
        ("size", "u2", (2, SIZES)),
        ("size_count", "u4", (2, SIZES)),
        ("messages", "u4", 2),
        ("large_messages", "u4", 2),
        ("interval_count", "u4", 2),
        ("interval_sum", "f8", 2),
        ("interval_squares", "f8", 2),
        ("started", "i8", 2),  # start of the newest message
        ("newest", "i8"),  # time of the newest packet of the message under way
        ("asked", "i8"),  # time of the newest forward packet
        ("length", "i8"),  # of the message under way
        ("pushes", "i4"),  # row of push times, -1 none
        ("answered", "u4"),
        ("unsolicited", "u4"),
        ("heard", "u1", 2),  # whether the direction has carried payload
        ("direction", "i1"),  # of the message under way
        ("waiting", "u1"),  # whether the newest message is a forward one, not yet answered
    ],
    align=True,
)
"""One flow's exchange while it is open."""


class Exchanges(NamedTuple):
    """``slots`` EXCHANGE; ``chunks`` uint8 (n * CHUNK,) linked by ``links`` int32; ``push_times`` int64 (n, PUSHES).

    ``words`` are the slots seen as uint64, 24 of them each.
    """

    slots: np.ndarray
    words: np.ndarray
    chunks: np.ndarray
    links: np.ndarray
    push_times: np.ndarray
    slot_pool: Pool
    chunk_pool: Pool
    push_pool: Pool


@inlined
def open_exchange(exchanges):  # type: ignore[no-untyped-def]
    """A slot with nothing in it, or -1 where there is none."""
    at = take(exchanges.slot_pool)
    if at < 0:
        return at
    talk = exchanges.slots[at]
    for d in range(2):
        talk.first_chunk[d] = -1
        talk.last_chunk[d] = -1
        talk.expected[d] = 0
        talk.head_length[d] = 0
        talk.first[d] = 0
        talk.messages[d] = 0
        talk.large_messages[d] = 0
        talk.interval_count[d] = 0
        talk.interval_sum[d] = 0.0
        talk.interval_squares[d] = 0.0
        talk.heard[d] = 0
        for k in range(SIZES):
            talk.size[d, k] = 0
            talk.size_count[d, k] = 0
    talk.length = 0
    talk.pushes = -1
    talk.answered = 0
    talk.unsolicited = 0
    talk.direction = NONE
    talk.waiting = 0
    return at


@inlined
def repeated(talk, packet, direction):  # type: ignore[no-untyped-def]
    """Octets at the front of a TCP segment's payload that were carried before; moves the expected number on."""
    length = np.int64(packet.payload_length)
    begin = np.int64(packet.tcp_sequence) + (1 if packet.tcp_flags & SYN else 0)
    behind = (np.int64(talk.expected[direction]) - begin) & 0xFFFFFFFF
    if not talk.heard[direction] or behind >= REPEAT + length:
        behind = np.int64(0)
    if behind < length:
        talk.expected[direction] = (begin + length) & 0xFFFFFFFF
    return min(behind, length)


@inlined
def count_size(talk, direction, length):  # type: ignore[no-untyped-def]
    """An unknown size takes the place of the rarest, and begins at one: so that no size is counted that was not seen.

    Where it took the rarest's count as well (space-saving, Metwally et al. 2005), messages of many sizes would all be
    counted for the last few of them. What is told here is a lower bound, close for sizes that are common.
    """
    size = min(length, 65535)
    rarest = 0
    for k in range(SIZES):
        if talk.size_count[direction, k] and talk.size[direction, k] == size:
            talk.size_count[direction, k] += 1
            return
        if talk.size_count[direction, k] < talk.size_count[direction, rarest]:
            rarest = k
    talk.size[direction, rarest] = size
    talk.size_count[direction, rarest] = 1


@inlined
def end_message(talk):  # type: ignore[no-untyped-def]
    """Count the message under way, if there is one."""
    direction = talk.direction
    if direction == NONE:
        return
    if talk.messages[direction] == 0:
        talk.first[direction] = min(talk.length, 65535)
    talk.messages[direction] += 1
    if talk.length > LARGE:
        talk.large_messages[direction] += 1
    count_size(talk, direction, talk.length)
    talk.direction = NONE


@inlined
def begin_message(exchanges, talk, direction, time, state):  # type: ignore[no-untyped-def]
    """Note when a message begins, what it answers and whether anything asked for it."""
    end_message(talk)
    if talk.heard[direction]:
        seconds = max(time - talk.started[direction], 0) * 1e-9
        talk.interval_count[direction] += 1
        talk.interval_sum[direction] += seconds
        talk.interval_squares[direction] += seconds * seconds
    if direction == REVERSE:
        asked = talk.heard[FORWARD] and time - talk.asked <= ANSWER
        if asked and talk.waiting:
            talk.answered += 1
        if not asked:
            if talk.pushes < 0:
                talk.pushes = take(exchanges.push_pool)
            if talk.pushes < 0:
                state.unkept += 1
            elif talk.unsolicited < PUSHES:
                exchanges.push_times[talk.pushes, talk.unsolicited] = time
            talk.unsolicited += 1
    talk.waiting = direction == FORWARD
    talk.started[direction] = time
    talk.direction = direction
    talk.length = 0


@inlined
def keep_head(exchanges, talk, direction, octets, start, length):  # type: ignore[no-untyped-def]
    """Append payload to the direction's head until it is full; False where the pool of chunks is empty."""
    if start < 0 or start > octets.size:
        return True
    kept = np.int64(talk.head_length[direction])
    end = kept + min(length, HEAD - kept, octets.size - start)
    while kept < end:
        at = kept % CHUNK
        if at == 0:
            chunk = take(exchanges.chunk_pool)
            if chunk < 0:
                break
            exchanges.links[chunk] = -1
            if talk.first_chunk[direction] < 0:
                talk.first_chunk[direction] = chunk
            else:
                exchanges.links[talk.last_chunk[direction]] = chunk
            talk.last_chunk[direction] = chunk
        part = min(end - kept, CHUNK - at)
        copy_octets(exchanges.chunks, np.int64(talk.last_chunk[direction]) * CHUNK + at, octets, start, part)
        kept += part
        start += part
    talk.head_length[direction] = kept
    return kept == end


@inlined
def add_payload(exchanges, at, packet, direction, octets, state):  # type: ignore[no-untyped-def]
    """Add a packet that carries payload to its flow's exchange."""
    talk = exchanges.slots[at]
    skip = repeated(talk, packet, direction) if packet.protocol == TCP else np.int64(0)
    length = np.int64(packet.payload_length)
    if skip >= length:
        return
    time = packet.time
    if talk.direction != direction or time - talk.newest > MERGE:
        begin_message(exchanges, talk, direction, time, state)
    talk.length += length - skip
    talk.newest = time
    talk.heard[direction] = 1
    if direction == FORWARD:
        talk.asked = time
    captured = np.int64(packet.payload_captured) - skip
    if (
        captured > 0
        and talk.head_length[direction] < HEAD
        and not keep_head(exchanges, talk, direction, octets, packet.payload_start + skip, captured)
    ):
        state.unkept += 1


@part
def close_exchange(exchanges, ended, state, at):  # type: ignore[no-untyped-def]
    """Move an exchange out, its heads and push times to the ends of their arrays; returns its row."""
    talk = exchanges.slots[at]
    end_message(talk)
    for d in range(2):
        chunk = np.int64(talk.first_chunk[d])
        left = np.int64(talk.head_length[d])
        while chunk >= 0:
            part = left if left < CHUNK else np.int64(CHUNK)
            copy_octets(ended.heads, state.ended_octets, exchanges.chunks, chunk * CHUNK, part)
            state.ended_octets += part
            left -= part
            following = np.int64(exchanges.links[chunk])
            give(exchanges.chunk_pool, chunk)
            chunk = following
        sort_sizes(talk, d)
    if talk.pushes >= 0:
        for k in range(min(talk.unsolicited, PUSHES)):
            ended.pushes[state.ended_pushes + k] = exchanges.push_times[talk.pushes, k]
        state.ended_pushes += min(talk.unsolicited, PUSHES)
        give(exchanges.push_pool, talk.pushes)
    row = state.ended_exchanges
    ended.exchanges[row] = talk
    state.ended_exchanges += 1
    give(exchanges.slot_pool, at)
    return row


@inlined
def sort_sizes(talk, direction):  # type: ignore[no-untyped-def]
    """Most frequent first; of equally frequent ones the smaller first."""
    for k in range(1, SIZES):
        size, count = talk.size[direction, k], talk.size_count[direction, k]
        at = k
        while at > 0 and (
            talk.size_count[direction, at - 1] < count
            or (talk.size_count[direction, at - 1] == count and talk.size[direction, at - 1] > size)
        ):
            talk.size[direction, at] = talk.size[direction, at - 1]
            talk.size_count[direction, at] = talk.size_count[direction, at - 1]
            at -= 1
        talk.size[direction, at] = size
        talk.size_count[direction, at] = count
