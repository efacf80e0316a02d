"""The same traffic, told otherwise, has the same verdicts: later, elsewhere, in pieces, tagged, cut, reordered."""

import gzip
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from netwatch.fingerprint import Fingerprinter
from netwatch.meter import Meter, MeterOptions
from netwatch.model.elements import Direction
from netwatch.model.prefix import Prefix
from netwatch.model.taxonomy import family
from netwatch.read import ReadOptions, open_inputs
from netwatch.scope import Scope, ScopeOptions
from netwatch.store import FlowStore

KEPT = Path(__file__).parents[2] / "captures"
SCENES = ("mixed-hour", "monero-day", "ordinary-office")
MAPPED_BY = 0x1A_00_00_00
"""Bits of IPv4 addresses that mapping turns over: whole networks move, their hosts keep their places."""


@cache
def packets_of(scene):
    return tuple(open_inputs([KEPT / scene / f"{scene}.pcap.gz"], ReadOptions()))


def verdicts_of(batches, prefix="175.45.176.0/22", width=1 << 20):
    meter, stage = Meter(MeterOptions()), Fingerprinter()
    scope = Scope.build(ScopeOptions(prefix=(prefix,)))
    with FlowStore.scratch() as store:
        for flows in pieces((*map(meter.add, batches), meter.finish()), width):
            scoped = scope.annotate(flows)
            store.append(stage.observe(scoped.take(scoped["direction"] != Direction.OUTSIDE)))
        store.flush()
        return stage.conclude(store.table)


def pieces(batches, width):
    for flows in batches:
        for at in range(0, max(len(flows), 1), width):
            yield flows.take(np.arange(at, min(at + width, len(flows))))


def told(verdicts, turned=0):
    """Class, role, subject and port of mining and attacks, with addresses turned back."""
    found = set()
    for verdict in verdicts:
        if family(verdict.class_id) in ("mining", "attack"):
            subject = Prefix.parse(verdict.subject)
            found.add((verdict.class_id, verdict.role, subject.first ^ turned, subject.length, verdict.port))
    return found


def changed(batches, change):
    made = []
    for batch in batches:
        rows = batch.rows.copy()
        made.append(replace(batch, rows=change(rows)))
    return made


def later(rows):
    rows["time"] += 86_400 * 41 * 10**9 + 1_234_567_891_000
    return rows


def elsewhere(rows):
    for end in ("source_low", "destination_low"):
        rows[end] ^= np.uint64(MAPPED_BY)
    return rows


def tagged(rows):
    rows["vlan"] = 7
    return rows


def cut(rows):
    """As captured with a snaplen of 128: Ethernet, IPv4 and the least TCP header take 54 of it."""
    rows["payload_captured"] = np.minimum(rows["payload_captured"], 128 - 54)
    return rows


def reordered(rows):
    """Packets of one moment in the opposite order, clocks of a millisecond."""
    rows["time"] -= rows["time"] % 1_000_000
    return rows[np.lexsort((-rows["frame"], rows["time"]))]


@cache
def plainly(scene):
    return frozenset(told(verdicts_of(packets_of(scene))))


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("change", [later, tagged, cut, reordered])
def test_verdicts_stay_when_packets_are_told_otherwise(scene, change):
    assert told(verdicts_of(changed(packets_of(scene), change))) == plainly(scene)


@pytest.mark.parametrize("scene", SCENES)
def test_verdicts_move_with_their_addresses(scene):
    moved = verdicts_of(changed(packets_of(scene), elsewhere), "181.45.176.0/22")
    assert told(moved, MAPPED_BY) == plainly(scene)


@pytest.mark.parametrize("scene", SCENES)
def test_verdicts_do_not_depend_on_the_size_of_batches(scene):
    pieces = []
    for batch in packets_of(scene):
        pieces += [replace(batch, rows=batch.rows[at : at + 997]) for at in range(0, len(batch), 997)]
    assert told(verdicts_of(pieces)) == plainly(scene)


@pytest.mark.parametrize("count", [2, 7])
def test_verdicts_do_not_depend_on_the_cut_into_files(count, tmp_path):
    whole = gzip.decompress((KEPT / "mixed-hour" / "mixed-hour.pcap.gz").read_bytes())
    at, records = 24, []
    while at < len(whole):
        length = 16 + int.from_bytes(whole[at + 8 : at + 12], "little")
        records.append(whole[at : at + length])
        at += length
    files = [tmp_path / f"{part}.pcap" for part in range(count)]
    for part, file in enumerate(files):
        some = records[len(records) * part // count : len(records) * (part + 1) // count]
        file.write_bytes(whole[:24] + b"".join(some))
    assert told(verdicts_of(open_inputs(files, ReadOptions()))) == plainly("mixed-hour")


@pytest.mark.parametrize("width", [23, 700])
def test_verdicts_do_not_depend_on_the_cut_of_flows_into_batches(width):
    assert told(verdicts_of(packets_of("mixed-hour"), width=width)) == plainly("mixed-hour")


def test_there_is_something_to_keep():
    assert len(plainly("mixed-hour")) >= 6
    assert plainly("ordinary-office") == frozenset()
