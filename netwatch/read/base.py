"""What a reader is, the table of all readers, and the options of reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from netwatch.model.flows import Flows
from netwatch.model.packets import Packets
from netwatch.model.tally import Tally
from netwatch.read.source import Source
from netwatch.registry import Registry

Batch = Packets | Flows


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How input is read.

    ``layer``: which IP header of tunnelled packets counts. ``exports``: what becomes of flow export messages found in
    captures: decoded to flows ("auto"), treated as packets like others ("ignore"), or nothing else is read ("only").
    ``max_ratio``: how many times compressed input may grow beyond its first 64 MiB. ``batch``: packets in a batch.
    """

    layer: Literal["inner", "outer"] = "inner"
    exports: Literal["auto", "ignore", "only"] = "auto"
    max_ratio: int = 300
    batch: int = 8192


class Reader(Protocol):
    """One format. Octets that break it are counted in ``tally`` and never raise.

    ``tally`` and ``details`` (JSON-ready facts about the input, such as its link types) are complete once iteration
    ended. Recognisers import nothing heavy: all of them are asked about every input.
    """

    name: str
    tally: Tally
    details: dict[str, object]

    @staticmethod
    def recognises(head: bytes) -> bool:
        """Whether the first 4,096 (decompressed) octets are of this format."""
        ...

    @staticmethod
    def begins(head: bytes) -> int | None:
        """Time of the first record in ns UTC, where the head tells: files of a directory are read in this order."""
        ...

    def __init__(self, source: Source, options: ReadOptions, input: int) -> None: ...

    def __iter__(self) -> Iterator[Batch]:
        """Batches in the input's order."""
        ...


BOM = b"\xef\xbb\xbf"
"""What some programs put before text in UTF-8."""

READERS: Registry[type[Reader]] = Registry(
    "reader",
    {
        "pcap": "netwatch.read.pcap:PcapReader",
        "pcapng": "netwatch.read.pcapng:PcapngReader",
        "snoop": "netwatch.read.snoop:SnoopReader",
        "erf": "netwatch.read.erf:ErfReader",
        "netflow": "netwatch.read.netflow:NetflowReader",
        "nfcapd": "netwatch.read.nfcapd:NfcapdReader",
        "zeek": "netwatch.read.zeek:ZeekReader",
        "eve": "netwatch.read.eve:EveReader",
        "argus": "netwatch.read.argus:ArgusReader",
        "csv": "netwatch.read.delimited:DelimitedReader",
        "parquet": "netwatch.read.parquet:ParquetReader",
    },
)
"""In the order in which they are asked; the first that recognises the input reads it."""


def recognise(head: bytes) -> tuple[str, type[Reader]] | None:
    """The reader for input that begins with ``head``, or None."""
    head = head.removeprefix(BOM)
    for name, reader in READERS.items():
        if reader.recognises(head):
            return name, reader
    return None
