"""``ExportDecoder``: NetFlow v1, v5, v7, v9, IPFIX and sFlow messages of any number of exporters to flows."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

import numpy as np

from netwatch.kernels import moments as m
from netwatch.kernels import records as r
from netwatch.kernels.machine import Arguments
from netwatch.kernels.messages import DUPLICATE, MESSAGE, OK, REASONS, SET, SFLOW, TRAILING, Streams, walk
from netwatch.kernels.recognition import are_messages
from netwatch.model.elements import FLOW
from netwatch.model.flows import Flows, blank
from netwatch.model.heard import Heard
from netwatch.model.tally import Tally
from netwatch.read.base import ReadOptions
from netwatch.read.layout import LayoutTable
from netwatch.read.memory import recall, remembered
from netwatch.read.numbering import Numbering
from netwatch.read.observation import Observation
from netwatch.read.sflow import sampled
from netwatch.read.source import Buffers
from netwatch.read.templates import BROKEN, CONTROL, HELD_REASON, RESERVED, UNKNOWN, Templates, Waiting
from netwatch.read.timeline import distinct

BATCH = 1 << 17
"""Records decoded at once."""
COLUMNS: dict[str, tuple[str, int]] = {
    "flow_start_nanoseconds": ("wide", r.START),
    "flow_end_nanoseconds": ("wide", r.END),
    "octet_delta_count": ("wide", r.OCTETS),
    "packet_delta_count": ("wide", r.PACKETS),
    "reverse_octet_delta_count": ("wide", r.REVERSE_OCTETS),
    "reverse_packet_delta_count": ("wide", r.REVERSE_PACKETS),
    "initiator_octets": ("wide", r.INITIATOR),
    "responder_octets": ("wide", r.RESPONDER),
    "first_frame": ("wide", r.FRAME),
    "source_address": ("address", r.SOURCE),
    "destination_address": ("address", r.DESTINATION),
    "next_hop_address": ("address", r.NEXT_HOP),
    "exporter_address": ("address", r.EXPORTER),
    "ingress_interface": ("four", r.INGRESS),
    "egress_interface": ("four", r.EGRESS),
    "bgp_source_as_number": ("four", r.SOURCE_AS),
    "bgp_destination_as_number": ("four", r.DESTINATION_AS),
    "bgp_next_adjacent_as_number": ("four", r.NEXT_AS),
    "sampling_packet_interval": ("four", r.SAMPLING),
    "observation_domain_id": ("four", r.DOMAIN),
    "input": ("four", r.INPUT),
    "source_transport_port": ("two", r.SOURCE_PORT),
    "destination_transport_port": ("two", r.DESTINATION_PORT),
    "tcp_control_bits": ("two", r.FLAGS),
    "reverse_tcp_control_bits": ("two", r.REVERSE_FLAGS),
    "vlan_id": ("two", r.VLAN),
    "minimum_ip_total_length": ("two", r.MINIMUM),
    "maximum_ip_total_length": ("two", r.MAXIMUM),
    "protocol_identifier": ("one", r.PROTOCOL),
    "flow_end_reason": ("one", r.END_REASON),
    "ip_class_of_service": ("one", r.CLASS),
    "fragment_flags": ("one", r.FRAGMENTS),
    "detail": ("one", r.DETAIL),
}
VERSIONS = {1: "NetFlow v1", 5: "NetFlow v5", 7: "NetFlow v7", 9: "NetFlow v9", 10: "IPFIX", SFLOW: "sFlow v5"}


class ExportDecoder:
    """The state of all exporters of one input, and its account.

    Units of ``tally`` are flow records. Its octets are those of whole messages: headers, templates and options are
    kept octets without units; a data set that could not be read counts as one unit. ``tally.lost`` is in flow
    records, estimated where messages are numbered; the notes have the exact numbers.
    """

    def __init__(self, options: ReadOptions, input: int) -> None:
        self.tally = Tally("exports", "flow record")
        self._input = input
        self._options = options
        self._streams = Streams.empty()
        self._known = Arguments([self._streams])  # taken apart once for all calls
        self._sets = np.empty(0, SET)
        self._room = Buffers()  # memory that the system clears anew for every batch costs as much as decoding
        self._numbering = Numbering(self._streams)
        self._layouts = LayoutTable()
        self._templates = Templates(self._layouts)
        self._observation = Observation(self._layouts)
        self._notes = np.zeros(len(m.TIME_NOTES), np.int64)
        self._broken = 0

    @property
    def details(self) -> dict[str, object]:
        """What the exporters told of themselves, JSON-ready."""
        return self._observation.details

    @property
    def heard(self) -> list[Heard]:
        """Spans of which the share that came is known by sequence numbers."""
        return list(self._numbering.heard())

    def remembered(self) -> list[dict[str, Any]]:
        """Templates and sampling of every exporter, JSON-ready: for :meth:`recall` after a restart."""
        return remembered(self._streams, self._templates, self._observation)

    def recall(self, told: object) -> None:
        """Start with what another decoder remembered.

        Raises:
            ValueError: it is not what :meth:`remembered` gives.

        """
        recall(told, self._streams, self._templates, self._observation, self.tally)

    @staticmethod
    def recognise(octets: np.ndarray, start: np.ndarray, length: np.ndarray) -> np.ndarray:
        """Boolean (n,): which of the places hold one export message and nothing else."""
        found = np.zeros(len(start), np.bool_)
        are_messages(_readonly(octets), start, length, found)
        return found

    def add(
        self,
        octets: np.ndarray,
        start: np.ndarray,
        length: np.ndarray,
        exporter: np.ndarray,
        time: np.ndarray,
        frame: np.ndarray,
    ) -> Flows:
        """Decode messages, in their order.

        Args:
            octets: uint8, what they lie in.
            start: int64 (n,), where each lies.
            length: int64 (n,), its octets.
            exporter: uint64 (n, 2), addresses of who sent them; zeros where not known.
            time: int64 (n,), when they were seen, ns UTC; 0 where not known.
            frame: int64 (n,), their 1-based number in the input.

        """
        return Flows.concatenate(list(self.batches(octets, start, length, arrived(exporter, time, frame))))

    def batches(
        self, octets: np.ndarray, start: np.ndarray, length: np.ndarray, messages: np.ndarray
    ) -> Iterator[Flows]:
        """Likewise in batches of bounded size; ``messages`` as :func:`arrived` makes them."""
        octets = _readonly(octets)
        room = int(length.sum()) // 4 + len(start)
        if len(self._sets) < room:
            self._sets = np.empty(room, SET)  # used again: far fewer are found than there is room for
        sets = self._sets[: walk(octets, start, length, self._known, messages, self._sets)]
        self._numbering.repeated(messages)
        late = self._templates.assign(octets, sets, messages, self.tally)
        r.measure(octets, sets, self._layouts.given)
        self._observation.observe(octets, sets, messages, self.tally, self._streams)
        records, uncertain = self._counted(sets, messages)
        self._numbering.follow(messages, records, uncertain)
        self._note_missing(octets, sets, messages, np.where(uncertain, messages["records"], records))
        wanted = self._account(start, length, sets, messages)
        if late:
            yield from self._late(late)
        yield from self._decode(octets, sets[wanted], messages)
        if (messages["version"] == SFLOW).any():
            packets = sampled(octets, start, length, messages, self._options, self.tally)
            if len(packets):
                yield packets.with_columns(input=np.full(len(packets), self._input, np.uint32))
        self._tell(messages)

    def finish(self) -> Flows:
        """Count what still waits for its template; nothing more can come of it."""
        for waiting in self._templates.left():
            self.tally.drop(HELD_REASON, 1, len(waiting.content) + 4)
        return Flows.empty()

    def _counted(self, sets: np.ndarray, messages: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Data records of each message, int64 (n,), and whether some could not be counted, bool (n,)."""
        records = np.bincount(sets["message"], sets["count"], len(messages)).astype(np.int64)
        fixed = messages["version"] < 9
        records[fixed] = messages["records"][fixed]
        uncertain = (messages["status"] != OK) & ~fixed
        uncertain[sets["message"][sets["layout"] == UNKNOWN]] = True
        return records, uncertain

    def _note_missing(self, octets: np.ndarray, sets: np.ndarray, messages: np.ndarray, records: np.ndarray) -> None:
        """Note NetFlow v9 messages with less than their headers say, which count templates too (RFC 3954)."""
        short = (messages["version"] == 9) & (messages["status"] != DUPLICATE) & (records < messages["records"])
        if short.any():
            mine = sets[short[sets["message"]] & (sets["layout"] == CONTROL)]
            templates = np.bincount(mine["message"], self._templates.counts(octets, mine), len(messages))
            if missing := int((short & (records + templates < messages["records"])).sum()):
                self.tally.notes["message with fewer records than its header says"] += missing

    def _account(self, start: np.ndarray, length: np.ndarray, sets: np.ndarray, messages: np.ndarray) -> np.ndarray:
        """Count all octets and all records; boolean, which sets are to be decoded."""
        kept = int(length.sum()) - self._account_messages(start, length, sets, messages)
        fresh = messages["status"][sets["message"]] != DUPLICATE
        sizes = sets["end"] - sets["start"] + 4
        known = fresh & (sets["layout"] >= 0)
        options = np.array([t.scopes > 0 for t in self._layouts.templates], np.bool_)[sets["layout"]]
        flows = np.array(self._layouts.flows, np.bool_)[sets["layout"]]
        for reason, which, whole in (
            ("record without addresses", known & ~options & ~flows, False),
            ("set number without meaning", fresh & (sets["layout"] == RESERVED), True),
        ):
            if which.any():
                units = int(which.sum()) if whole else int(sets["count"][which].sum())
                self.tally.drop(reason, units, int(sizes[which].sum()), int(sets["start"][which][0]) - 4)
                kept -= int(sizes[which].sum())
        # Sets without template were counted where they were left out, or will be once they are released.
        kept -= int(sizes[fresh & (sets["layout"] == UNKNOWN)].sum())
        broken = self._broken
        self._broken = sum(d.octets for reason, d in self.tally.dropped.items() if reason.startswith(BROKEN))
        kept -= self._broken - broken
        wanted: np.ndarray = known & flows & (sets["count"] > 0)
        self.tally.keep(int(sets["count"][wanted].sum()), kept)
        return wanted

    def _account_messages(self, start: np.ndarray, length: np.ndarray, sets: np.ndarray, messages: np.ndarray) -> int:
        """Count what is left out of messages as a whole; its octets."""
        total = 0
        for status in distinct(messages["status"]):
            if status == OK:
                continue
            which = np.flatnonzero(messages["status"] == status)
            if status == DUPLICATE:
                inside = messages["status"][sets["message"]] == DUPLICATE
                units, octets = int(sets["count"][inside].sum()), int(length[which].sum())
            else:
                octets = int((start[which] + length[which] - messages["stop"][which]).sum())
                fixed = which[(messages["version"][which] < 9) & (messages["stream"][which] >= 0)]
                there = np.bincount(sets["message"], sets["count"], len(messages)).astype(np.int64)
                missing = int(messages["records"][fixed].sum()) - int(there[fixed].sum())
                units = 0 if status == TRAILING else missing + len(which) - len(fixed)
            self.tally.drop(REASONS[status], units, octets, int(messages["stop"][which[0]]))
            total += octets
        return total

    def _late(self, waiting: list[Waiting]) -> Iterator[Flows]:
        """Decode data sets whose template came after them."""
        octets = _readonly(np.frombuffer(b"".join(each.content for each in waiting), np.uint8))
        messages = np.concatenate([each.message for each in waiting])
        sets = np.zeros(len(waiting), SET)
        ends = np.cumsum([len(each.content) for each in waiting])
        sets["start"], sets["end"] = ends - [len(each.content) for each in waiting], ends
        # As they came: measuring moves the end of a set whose last record is cut short.
        sizes = sets["end"] - sets["start"] + 4
        sets["message"], sets["number"] = np.arange(len(waiting)), [each.number for each in waiting]
        messages["status"] = OK
        self._templates.assign(octets, sets, messages, self.tally)
        r.measure(octets, sets, self._layouts.given)
        self._observation.observe(octets, sets, messages, self.tally, self._streams)
        wanted = self._account(ends * 0, sizes, sets, messages)
        self.tally.notes["record that came before its template"] += int(sets["count"][wanted].sum())
        yield from self._decode(octets, sets[wanted], messages)

    def _decode(self, octets: np.ndarray, sets: np.ndarray, messages: np.ndarray) -> Iterator[Flows]:
        """Decode sets with layouts of flows, in batches."""
        first = 0
        while first < len(sets):
            rows = np.cumsum(sets["count"][first:])
            last = first + max(1, int(np.searchsorted(rows, BATCH, "right")))
            some = sets[first:last]
            some["row"] = np.cumsum(some["count"]) - some["count"]
            n = int(some["count"].sum())
            use = self._layouts.use(tuple(distinct(some["layout"])))
            columns = r.Columns.partly(n, use.zeroed, self._room.take(r.Columns.room_for(n)))
            r.decode(octets, some, messages, self._layouts.given, columns, self._notes)
            columns.four[r.INPUT] = self._input
            if ("four", r.SAMPLER) in use.written:
                self._resolve_samplers(some, messages, columns)
            yield flows_of(columns, use.written, n)
            first = last

    def _resolve_samplers(self, sets: np.ndarray, messages: np.ndarray, columns: r.Columns) -> None:
        """Sampling of records that name their sampler; a record's own interval and the header's go first."""
        inherited = np.repeat(sets["sampling"], sets["count"])
        stream = np.repeat(messages["stream"][sets["message"]].astype(np.int64), sets["count"])
        sampling, sampler = columns.four[r.SAMPLING], columns.four[r.SAMPLER]
        rows = np.flatnonzero((sampler > 0) & (sampling == inherited))
        keys = stream[rows] << 32 | sampler[rows]
        unique, which = np.unique(keys, return_inverse=True)
        told = np.array(
            [self._observation.of_sampler(key >> 32, key & 0xFFFFFFFF) for key in unique.tolist()], np.uint32
        )[which]
        sampling[rows] = np.where(told > 0, told, sampling[rows])

    def _tell(self, messages: np.ndarray) -> None:
        """Bring the tally's notes and losses up to date."""
        notes = self.tally.notes
        fresh = (messages["status"] != DUPLICATE) & (messages["stream"] >= 0)
        for version, n in enumerate(np.bincount(messages["version"][fresh]).tolist()):
            if n:
                notes[f"message {VERSIONS[version]}"] += n
        for code, text in m.TIME_NOTES.items():
            if self._notes[code]:
                notes[text] = int(self._notes[code])
        time = messages["time"]
        apart = fresh & (time > 0) & (np.abs(messages["export"] - time) > m.DAY)
        for text, which in (
            ("message of an exporter whose clock was never set (time of capture used)", fresh & messages["unset"] > 0),
            ("message exported over a day away from its capture", apart),
        ):
            if which.any():
                notes[text] += int(which.sum())
        self._numbering.tell(self.tally)


def flows_of(columns: r.Columns, there: Container[tuple[str, int]], n: int) -> Flows:
    """Records as flows. The columns that are not ``there`` share read-only memory with those of other batches."""
    told = {name: getattr(columns, kind)[row] for name, (kind, row) in COLUMNS.items() if (kind, row) in there}
    return Flows({e.name: told[e.name] if e.name in told else blank(e.name, n) for e in FLOW})


def arrived(exporter: np.ndarray, time: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Array of MESSAGE, not read yet; the arguments are those of :meth:`ExportDecoder.add`."""
    messages = np.zeros(len(time), MESSAGE)
    messages["time"], messages["frame"] = time, frame
    messages["exporter_high"], messages["exporter_low"] = exporter[:, 0], exporter[:, 1]
    return messages


def _readonly(octets: np.ndarray) -> np.ndarray:
    """The same octets as the kernels are compiled for."""
    view = octets.view()
    view.flags.writeable = False
    return view
