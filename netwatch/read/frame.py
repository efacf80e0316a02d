"""Single frames of a capture as they were recorded: for a closer look, and for evidence to be handed on.

One Python object a frame, so this is for the frames that a finding names, never for the way of every packet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from netwatch.errors import OutputError, UnreadableInput
from netwatch.places import whole
from netwatch.read.base import ReadOptions
from netwatch.read.source import open_source

PCAPNG = b"\x0a\x0d\x0d\x0a"


class Frame(NamedTuple):
    """``number``: 1-based in its capture. ``time``: seconds since 1970. ``link_type``: as the capture's header says."""

    number: int
    time: float
    link_type: int
    octets: bytes


def frames(path: str) -> Iterator[Frame]:
    """The frames of a pcap or pcapng file, compressed or not, until its end or its first damage.

    Raises:
        UnreadableInput: not a pcap or pcapng file.
    """
    import dpkt

    source = open_source(path, ReadOptions().max_ratio)
    try:
        file = source.file()
        try:
            reader = (dpkt.pcapng if source.head.startswith(PCAPNG) else dpkt.pcap).Reader(file)
        except (ValueError, dpkt.Error) as fault:
            raise UnreadableInput(
                f"{path}: single frames are read from pcap and pcapng files only ({fault})"
            ) from fault
        records = enumerate(reader, 1)
        while True:
            try:
                number, (time, octets) = next(records)
            except (StopIteration, ValueError, dpkt.Error):
                return
            yield Frame(number, float(time), reader.datalink(), octets)
    finally:
        source.close()


def frame(path: str, number: int) -> Frame:
    """One frame by its number.

    Raises:
        UnreadableInput: not a pcap or pcapng file, or it has no such frame.
    """
    last = 0
    for found in frames(path):
        if found.number == number:
            return found
        last = found.number
    raise UnreadableInput(f"{path} has no frame {number}; its last is {last}")


def write_frames(chosen: Iterator[Frame], out: Path) -> int:
    """Write frames to a pcap file and return their number; frames of another link type than the first are left out.

    Raises:
        OutputError: the file cannot be written.
        BrokenPipeError: nobody reads what was written so far.
    """
    import dpkt

    written = 0
    try:
        with whole(out) as file:
            writer = None
            for found in chosen:
                if writer is None:
                    link_type = found.link_type
                    writer = dpkt.pcap.Writer(file, snaplen=262_144, linktype=link_type)
                if found.link_type == link_type:
                    writer.writepkt(found.octets, found.time)
                    written += 1
            if writer is None:
                dpkt.pcap.Writer(file, snaplen=262_144)
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise OutputError(f"cannot write {out}: {fault.strerror}") from fault
    return written


def among(path: str, numbers: Collection[int]) -> Iterator[Frame]:
    """The frames of those numbers, in order."""
    return (found for found in frames(path) if found.number in numbers)
