"""Flow Records stitched into conversations by the query engine: counters, spans and steadiness per key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from netwatch.fingerprint.applications import DYNAMIC, HIGH_SERVICES
from netwatch.fingerprint.keys import KEY
from netwatch.fingerprint.queries import hashed, run, stream
from netwatch.model.elements import Detail, Direction, Orientation

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

LEAST_SECONDS = 120
LEAST_PACKETS = 10
PART = 1 << 18
"""Conversations looked at together where there are many: a bound on memory."""
LEAST_PACED = 30.0
"""Seconds that a record lasts at least, before its count of packets says something of the pace."""
WITHIN_A_DAY = 23 * 3_600_000_000
"""Microseconds; what lasted less has no two records of the same hour of the day on different days."""
_KEYS = ["client", "server", "port", "protocol"]
_SERVICE = ["server", "port", "protocol"]


def stitched(flows: ibis.Table, wanted: Sequence[bytes]) -> dict[str, Any]:
    """Columns by name, one row per conversation: those in ``wanted`` (35-octet keys) and those that lived two minutes.

    ``client``, ``server`` uint8 (n, 16); ``since``, ``until`` int64 ns; ``octets``, ``packets`` and the counters of
    each side float64, corrected for sampling; ``seen`` packets as observed; ``spread`` of octets per packet over the
    records of a direction (standard deviation over mean; that of the less steady one); ``sessions`` that were open at
    once on average (time covered by the client's records over time from first to last); ``dispersion`` of the packet
    counts of the ``paced`` records, those of 30 s and more (variance over mean, as if all lasted alike: near 0 for what
    keeps a period, 1 and more for what comes without memory); ``pushing`` of ``flagged`` TCP records have ACK and PSH
    and none of SYN, FIN, RST; ``one_port``: all records have one port of the client; ``own_client``, ``own_server``,
    ``scoped`` bool.
    """
    import pyarrow as pa

    asked = _asked([key for key in wanted if len(key) == KEY])
    named = [run(_named, flows, {"conversations_noted": asked})] if asked.num_rows else []
    beside = {"conversations_noted": asked, "conversations_lasting": _lasting_ones(flows, LEAST_SECONDS)}
    return _columns(pa.concat_tables([*named, run(_others, flows, beside)]))


def _lasting_ones(flows: ibis.Table, least: float) -> pa.Table:
    """Keys of the conversations that may have lived ``least`` seconds, and two minutes."""
    import pyarrow as pa

    least_us = pa.array([int(max(least, LEAST_SECONDS) * 1_000_000)], pa.int64())
    return run(_lasting, flows, {"conversations_asked": pa.table({"least_us": least_us})})


def _asked(wanted: Sequence[bytes]) -> Any:
    """Keys as a table of their parts."""
    import pyarrow as pa

    keys = [(k[:16], k[16:32], int.from_bytes(k[32:34], "big"), k[34]) for k in wanted]
    kinds = (pa.binary(), pa.binary(), pa.int64(), pa.int64())
    named = enumerate(zip(_KEYS, kinds, strict=True))
    return pa.table({name: pa.array([key[i] for key in keys], kind) for i, (name, kind) in named})


def long_ones(flows: ibis.Table, least: float) -> Iterator[dict[str, Any]]:
    """The conversations that lived ``least`` seconds, and two minutes, some at a time, those with one service never
    apart; ``clients`` float64: of that service, who had conversations of two minutes.
    """
    import pyarrow as pa

    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in stream(_long, flows, PART, {"conversations_lasting": _lasting_ones(flows, least)}):
        held.append(batch)
        rows += batch.num_rows
        if rows < PART:
            continue
        whole = pa.Table.from_batches(held)
        cut = _last_service(whole)
        if cut:
            yield _columns(whole.slice(0, cut))
        held = whole.slice(cut).to_batches()
        rows -= cut
    if rows:
        yield _columns(pa.Table.from_batches(held))


def first_records(flows: ibis.Table, wanted: Sequence[bytes], most: int) -> dict[str, Any]:
    """The first records of some conversations (35-octet keys), ``most`` of either direction, in order of time.

    ``of`` int64: which of ``wanted`` a record is of; ``since`` int64 ns; ``client_octets``, ``client_packets``,
    ``server_octets`` and ``server_packets`` float64.
    """
    import pyarrow as pa

    asked = _asked(wanted)
    asked = asked.append_column("of", pa.array(range(len(wanted)), pa.int64()))
    asked = asked.append_column("most", pa.array([2 * most] * len(wanted), pa.int64()))
    found = run(_first, flows, {"conversations_asked": asked})
    columns = {name: found.column(name).to_numpy() for name in found.column_names}
    columns["since"] = columns.pop("since_us") * 1000
    return columns


def _first(flows: ibis.Table, asked: ibis.Table) -> ibis.Table:
    """The records of conversations asked for, up to so many of each."""
    import ibis

    told = _oriented(flows).inner_join(asked, _KEYS)
    order = ibis.window(group_by=told.of, order_by=[told.since_us, told.until_us, told.input, told.first_frame])
    counted = told.mutate(nth=ibis.row_number().over(order))
    sides = ("client_octets", "client_packets", "server_octets", "server_packets")
    chosen = counted.filter(counted.nth < counted.most).order_by(["of", "nth"])
    return chosen.select("of", "since_us", **{name: chosen[name].cast("float64") for name in sides})


def _last_service(rows: Any) -> int:
    """Where the conversations with the last row's service begin."""
    import pyarrow.compute as pc

    same = None
    for name in _SERVICE:
        equal = pc.equal(rows.column(name), rows.column(name)[-1])
        same = equal if same is None else pc.and_(same, equal)
    return int(pc.index(same, True).as_py())


def _named(flows: ibis.Table, asked: ibis.Table) -> ibis.Table:
    """The conversations asked for."""
    told = _oriented(flows).semi_join(asked, _KEYS)
    return _grouped(told, told.hour.nunique()).order_by(_KEYS)


def _others(flows: ibis.Table, lasting: ibis.Table, asked: ibis.Table) -> ibis.Table:
    """The other conversations that lived two minutes."""
    return _long(flows, lasting).anti_join(asked, _KEYS).drop("clients").order_by(_KEYS)


def _long(flows: ibis.Table, lasting: ibis.Table) -> ibis.Table:
    """The conversations that lived two minutes, of those whose keys are given, by service."""
    import ibis

    told = _oriented(_keyed(flows).inner_join(lasting, "ends"), "clients", "days")
    grouped = _grouped(told, _hours(told), clients=ibis._.clients.max())
    lived = grouped.until_us - grouped.since_us >= LEAST_SECONDS * 1_000_000
    return grouped.filter(lived & (grouped.seen >= LEAST_PACKETS)).order_by([*_SERVICE, "client"])


def _hours(told: ibis.Table) -> Any:
    """Hours of the clock in which records began. Within a day a bit stands for each: to tell hours apart among millions
    of conversations takes a second table of all their keys, so it is done for those of ``days`` alone.
    """
    import ibis

    @ibis.udf.scalar.builtin(signature=(("int64",), "int8"))
    def bit_count(bits):  # type: ignore[no-untyped-def]
        ...

    bits = ibis.literal(1, "int64") << told.hour.hour().cast("int64")
    within = bit_count(bits.bit_or()).cast("int64")
    return ibis.ifelse(told.days.max(), told.hour.nunique(where=told.days), within)


def _lasting(flows: ibis.Table, asked: ibis.Table) -> ibis.Table:
    """Keys that may have lived so long, before all is summed of any, and how many clients of the service have lived two
    minutes; ``days``: they may have records of one hour of the day on different days.

    Keys are taken by 64 bits; those that share them by chance are told apart later.
    """
    import ibis

    t, told = ibis._, _keyed(flows)
    spans = told.group_by("ends").aggregate(
        lived=_micros(told.flow_end).max() - _micros(told.flow_start).min(), service=t.service.min(),
        seen=(t.packet_delta_count + t.reverse_packet_delta_count).sum(),
    )  # fmt: skip
    spans = spans.filter((spans.lived >= LEAST_SECONDS * 1_000_000) & (spans.seen >= LEAST_PACKETS))
    spans = spans.mutate(clients=spans.count().over(ibis.window(group_by="service")).cast("float64"))
    spans = spans.mutate(days=spans.lived >= WITHIN_A_DAY)
    return spans.cross_join(asked).filter(t.lived >= t.least_us).select("ends", "clients", "days")


def _keyed(flows: ibis.Table) -> ibis.Table:
    """Records of which a conversation can be made that lives; ``ends`` and ``service`` are hashes of its key and of the
    service's part of it, ``swapped``: the service is the source.
    """
    packets = flows.packet_delta_count + flows.reverse_packet_delta_count
    flows = flows.filter(flows.protocol_identifier.isin([6, 17]) & (packets >= 2))
    swapped = _swapped(flows)
    client, server, port = _ends(flows, swapped)
    service = hashed(server, port * 256 + flows.protocol_identifier.cast("int64"))
    return flows.mutate(swapped=swapped, ends=hashed(client, service), service=service)


def _swapped(flows: ibis.Table) -> Any:
    """Whether the source is the server. The rule is that of ``applications.service_is_source``."""
    import ibis

    source, destination = flows.source_transport_port, flows.destination_transport_port
    services = ibis.array([int(port) for port in HIGH_SERVICES])  # of IN the engine makes a join wherever it is used
    known = [services.contains(port.cast("int64")) for port in (source, destination)]
    unclear = (source >= DYNAMIC) & (destination >= DYNAMIC) & (known[0] != known[1])
    lower = ibis.ifelse(unclear, known[0], (source < destination) & (source > 0))
    return (flows.orientation != Orientation.SYN) & lower


def _ends(flows: ibis.Table, swapped: Any) -> tuple[Any, Any, Any]:
    """Client, server and the service's port."""
    import ibis

    source, destination = flows.source_address, flows.destination_address
    ports = flows.source_transport_port, flows.destination_transport_port
    client, server = ibis.ifelse(swapped, destination, source), ibis.ifelse(swapped, source, destination)
    return client, server, ibis.ifelse(swapped, *ports).cast("int64")


def _oriented(flows: ibis.Table, *also: str) -> ibis.Table:
    """Each record with client, server, and what either sent, and ``also`` these of its columns."""
    import ibis

    swapped = flows.swapped if "swapped" in flows.columns else _swapped(flows)
    client, server, port = _ends(flows, swapped)

    def turned(one: Any, other: Any) -> Any:
        return ibis.ifelse(swapped, one, other)

    interval = flows.sampling_packet_interval.cast("float64")
    scoped = flows.direction if "direction" in flows.columns else ibis.literal(Direction.OUTSIDE)
    outbound, inbound = scoped == Direction.OUTBOUND, scoped == Direction.INBOUND
    inside = scoped == Direction.INTERNAL
    bits = flows.tcp_control_bits
    octets = flows.octet_delta_count + flows.reverse_octet_delta_count
    packets = flows.packet_delta_count + flows.reverse_packet_delta_count
    lasted = (_micros(flows.flow_end) - _micros(flows.flow_start)) / 1e6
    return flows.select(
        *also,
        client=client,
        server=server,
        port=port,
        protocol=flows.protocol_identifier.cast("int64"),
        since_us=_micros(flows.flow_start),
        until_us=_micros(flows.flow_end),
        seen=packets,
        octets=octets * interval,
        packets=packets * interval,
        client_octets=turned(flows.reverse_octet_delta_count, flows.octet_delta_count) * interval,
        client_packets=turned(flows.reverse_packet_delta_count, flows.packet_delta_count) * interval,
        server_octets=turned(flows.octet_delta_count, flows.reverse_octet_delta_count) * interval,
        server_packets=turned(flows.packet_delta_count, flows.reverse_packet_delta_count) * interval,
        client_per_packet=turned(
            flows.reverse_octet_delta_count / flows.reverse_packet_delta_count.nullif(0),
            flows.octet_delta_count / flows.packet_delta_count.nullif(0),
        ),
        server_per_packet=turned(
            flows.octet_delta_count / flows.packet_delta_count.nullif(0),
            flows.reverse_octet_delta_count / flows.reverse_packet_delta_count.nullif(0),
        ),
        pace=ibis.ifelse(lasted >= LEAST_PACED, packets / lasted, ibis.null("float64")),
        paced_seconds=ibis.ifelse(lasted >= LEAST_PACED, lasted, ibis.null("float64")),
        unseen=((flows.detail.cast("int64") & Detail.PACKETS) == 0).cast("int64"),
        flagged=(bits > 0).cast("int64"),
        pushing=((bits & 31) == 24).cast("int64"),
        own_client=(turned(inbound, outbound) | inside).cast("int64"),
        own_server=(turned(outbound, inbound) | inside).cast("int64"),
        scoped=(scoped != Direction.OUTSIDE).cast("int64"),
        sampling=flows.sampling_packet_interval,
        input=flows.input,
        first_frame=flows.first_frame,
        hour=flows.flow_start.truncate("h"),
        client_port=turned(flows.destination_transport_port, flows.source_transport_port).cast("int64"),
    )


def _micros(column: Any) -> Any:
    """Microseconds since 1970 of a timestamp column, exactly (DuckDB's epoch is a double)."""
    import ibis

    return column.delta(ibis.timestamp("1970-01-01 00:00:00"), unit="microsecond")


def _grouped(told: ibis.Table, hours: Any, **also: Any) -> ibis.Table:
    import ibis

    t = ibis._
    sums = (
        "seen", "octets", "packets", "client_octets", "client_packets", "server_octets", "server_packets", "flagged",
        "pushing", "unseen",
    )  # fmt: skip
    return told.group_by(_KEYS).aggregate(
        **{name: t[name].sum() for name in sums},
        since_us=t.since_us.min(),
        until_us=t.until_us.max(),
        records=t.count(),
        client_mean=t.client_per_packet.mean(),
        client_spread=t.client_per_packet.std(how="pop"),
        server_mean=t.server_per_packet.mean(),
        server_spread=t.server_per_packet.std(how="pop"),
        paced=t.pace.count(),
        pace_mean=t.pace.mean(),
        pace_variance=t.pace.var(how="pop"),
        paced_seconds=t.paced_seconds.mean(),
        covered_us=ibis.ifelse(t.client_packets > 0, t.until_us - t.since_us, 0).sum(),
        own_client=t.own_client.max(),
        own_server=t.own_server.max(),
        scoped=t.scoped.max(),
        sampling=t.sampling.max(),
        input=t.input.argmin(t.since_us),
        first_frame=t.first_frame.argmin(t.since_us),
        hours=hours,
        one_port=t.client_port.min() == t.client_port.max(),
        **also,
    )


def _columns(frame: Any) -> dict[str, Any]:
    n = frame.num_rows
    columns = {name: frame.column(name).to_numpy() for name in frame.column_names if name not in ("client", "server")}
    for name in ("client", "server"):
        octets = b"".join(frame.column(name).to_pylist())
        columns[name] = np.frombuffer(octets, np.uint8).reshape(n, 16)
    columns["since"], columns["until"] = columns.pop("since_us") * 1000, columns.pop("until_us") * 1000
    for name in ("own_client", "own_server", "scoped", "one_port"):
        columns[name] = columns[name].astype(bool)
    for name in ("octets", "packets", "client_octets", "client_packets", "server_octets", "server_packets"):
        columns[name] = columns[name].astype(np.float64)
    spreads = [
        np.asarray(columns.pop(f"{side}_spread"), np.float64) / np.asarray(columns.pop(f"{side}_mean"), np.float64)
        for side in ("client", "server")
    ]
    columns["spread"] = np.fmax(*spreads)
    pace = [np.asarray(columns.pop(name), np.float64) for name in ("pace_variance", "paced_seconds", "pace_mean")]
    columns["dispersion"] = pace[0] * pace[1] / pace[2]
    lasted = np.maximum(columns["until"] - columns["since"], 1)
    columns["sessions"] = np.asarray(columns.pop("covered_us"), np.float64) * 1000 / lasted
    return columns
