"""The harness: bend an input, read it, and see that nothing is raised and nothing uncounted."""

import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import numpy as np
from fuzz import seeds

from netwatch.errors import Malformed
from netwatch.model.address import pack
from netwatch.model.flows import Flows
from netwatch.model.packets import Packets
from netwatch.read.base import ReadOptions, recognise
from netwatch.read.exports import ExportDecoder
from netwatch.read.source import open_source
from netwatch.wire import dns, ipfix, mrt, netflow9, stratum, tls

SLOWEST = 20
"""CPU seconds that one input may take, compilation included; a busy machine is no fault of the input's."""
STUCK = 300
"""Seconds after which it waits for something that never comes."""
WHOLE = {"netflow", "nfcapd", "zeek", "eve", "argus", "csv"}
"""Readers whose tally counts every octet of the file."""
EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x20, 0x0A, 0x2C, 0x7B)
BATCH = 512
EXPORTERS = np.array([pack(f"192.0.2.{k}") for k in range(4)], np.uint64)
NOW = 1_600_000_000 * 10**9


def bend(dice: random.Random, seed: bytes, others: list[bytes]) -> bytes:
    """One to four mutations: octets and sizes changed; parts cut, doubled, moved, or taken from another seed."""
    octets = bytearray(seed)
    for _ in range(dice.randint(1, 4)):
        if not octets:
            break
        place, kind = dice.randrange(len(octets)), dice.randrange(8)
        span = dice.randint(1, 1 << dice.randrange(8))
        if kind == 0:
            octets[place] ^= 1 << dice.randrange(8)
        elif kind == 1:
            octets[place] = dice.choice(EDGES)
        elif kind == 2:
            width = dice.choice((2, 4, 8))
            value = dice.choice((0, 1, (1 << 8 * width) - 1, 1 << (8 * width - 1), dice.getrandbits(8 * width), 65_535))
            octets[place : place + width] = value.to_bytes(width, dice.choice(("big", "little")))
        elif kind == 3:
            del octets[place:]
        elif kind == 4:
            del octets[place : place + span]
        elif kind == 5:
            octets[place:place] = octets[place : place + span] * dice.randint(1, 3)
        elif kind == 6:
            other = dice.choice(others)
            begin = dice.randrange(len(other)) if other else 0
            octets[place : place + span] = other[begin : begin + span]
        else:
            octets[place : place + span] = dice.randbytes(span)
    return bytes(octets)


@contextmanager
def bounded(what: bytes) -> Iterator[None]:
    """Raise where reading takes too long; show the input of whatever is raised."""

    def late(_number: int, _frame: object) -> None:
        raise TimeoutError("took too long")

    before = [(one, signal.signal(one, late)) for one in (signal.SIGPROF, signal.SIGALRM)]
    signal.setitimer(signal.ITIMER_PROF, SLOWEST)
    signal.alarm(STUCK)
    try:
        yield
    except BaseException as fault:
        fault.add_note(f"input: {what[:4000].hex()}")
        raise
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
        for one, handler in before:
            signal.signal(one, handler)


def read_file(path: Path, octets: bytes, options: ReadOptions) -> str:
    """Read one input to its end; the format that it was taken for."""
    path.write_bytes(octets)
    source = open_source(path, options.max_ratio)
    try:
        found = recognise(source.head)
        if found is None:
            return ""
        name, kind = found
        reader = kind(source, options, 0)
        kept = 0
        for batch in reader:
            assert isinstance(batch, Packets | Flows)
            kept += len(batch) if isinstance(batch, Flows) else 0
        for tally in (reader.tally, *getattr(reader, "extra_tallies", ())):
            assert tally.balanced, tally
            assert tally.lost >= 0
        if name in WHOLE:
            assert reader.tally.kept == kept, reader.tally
            if not source.compression:
                assert reader.tally.seen_octets == len(octets), reader.tally
        return name
    finally:
        source.close()


def files(dice: random.Random, whole: list[bytes], path: Path) -> tuple[int, str]:
    """One bent file; (inputs tried, format)."""
    octets = bend(dice, dice.choice(whole), whole)
    options = ReadOptions(layer=dice.choice(("inner", "outer")), exports=dice.choice(("auto", "ignore", "only")))
    with bounded(octets):
        return 1, read_file(path, octets, options) or "no format"


def messages(dice: random.Random, whole: list[bytes]) -> tuple[int, str]:
    """A batch of bent export messages from a few exporters through one decoder."""
    bent = [bend(dice, dice.choice(whole), whole)[:65_535] for _ in range(BATCH)]
    octets = b"".join(bent)
    length = np.array([len(message) for message in bent], np.int64)
    who = EXPORTERS[[dice.randrange(4) for _ in bent]]
    decoder = ExportDecoder(ReadOptions(), 0)
    times = np.full(len(bent), dice.choice((0, NOW)), np.int64)
    with bounded(octets):
        flows = decoder.add(
            np.frombuffer(octets, np.uint8), np.cumsum(length) - length, length, who, times, np.arange(len(bent))
        )
        decoder.finish()
        assert decoder.tally.balanced, decoder.tally
        assert decoder.tally.seen_octets == len(octets), decoder.tally
        assert decoder.tally.kept == len(flows)
        assert (flows["flow_start_nanoseconds"] <= flows["flow_end_nanoseconds"]).all()
        assert (flows["sampling_packet_interval"] >= 1).all()
        ExportDecoder(ReadOptions(), 0).recall(decoder.remembered())
    return len(bent), "messages"


def _hello(octets: bytes) -> object:
    hello = tls.client_hello(octets)
    return hello.server_name, hello.alpn, hello.ja3(), hello.ja4()


def _stratum(octets: bytes) -> object:
    inside = stratum.unwrapped(octets)
    return stratum.messages(inside, 0), stratum.fields(inside)


def _mrt(octets: bytes) -> object:
    kind, size = mrt.parse_header(octets)
    return mrt.routes(kind, octets[12 : 12 + size])


DECODERS: dict[str, list[Callable[[bytes], object]]] = {
    "dns": [dns.decode],
    "tls": [_hello],
    "stratum": [_stratum],
    "mrt": [_mrt],
    "template": [ipfix.templates, ipfix.options_templates, netflow9.templates, netflow9.options_templates],
}


def wire(dice: random.Random, whole: dict[str, list[bytes]], turn: Iterator[str]) -> tuple[int, str]:
    """A batch of bent octets to one wire decoder: it answers or raises Malformed."""
    name = next(turn)
    for _ in range(32):
        octets = bend(dice, dice.choice(whole[name]), whole[name])
        with bounded(octets):
            for decoder in DECODERS[name]:
                try:
                    decoder(octets)
                except Malformed as fault:
                    assert fault.reason
    return 32, name


def everything(number: int) -> Iterator[tuple[int, str]]:
    """Without end; the same ``number`` gives the same inputs."""
    dice = random.Random(number)
    own, given, export, path = seeds.files(), seeds.found(), seeds.messages(), seeds.scratch()
    octets, turn = seeds.wire(), cycle(DECODERS)
    while True:
        for _ in range(20):
            yield files(dice, given if given and dice.random() < 0.3 else own, path)
        yield messages(dice, export)
        yield wire(dice, octets, turn)
