"""Flow Records stitched into conversations by the query engine: counters, spans and steadiness per key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from netwatch.fingerprint.keys import KEY
from netwatch.fingerprint.queries import run
from netwatch.model.elements import Direction, Orientation

if TYPE_CHECKING:
    import ibis

LEAST_SECONDS = 120
LEAST_PACKETS = 10
_KEYS = ["client", "server", "port", "protocol"]


def stitched(flows: ibis.Table, wanted: Sequence[bytes]) -> dict[str, Any]:
    """Columns by name, one row per conversation: those in ``wanted`` (35-octet keys) and those that lived two minutes.

    ``client``, ``server`` uint8 (n, 16); ``since``, ``until`` int64 ns; ``octets``, ``packets`` and the counters of
    each side float64, corrected for sampling; ``seen`` packets as observed; ``spread`` of octets per packet over the
    records (standard deviation over mean); ``pushing`` of ``flagged`` TCP records have ACK and PSH and none of SYN,
    FIN, RST; ``own_client``, ``own_server``, ``scoped`` bool.
    """
    import pyarrow as pa

    keys = [(k[:16], k[16:32], int.from_bytes(k[32:34], "big"), k[34]) for k in wanted if len(k) == KEY]
    kinds = (pa.binary(), pa.binary(), pa.int64(), pa.int64())
    asked = pa.table(
        {
            name: pa.array([key[i] for key in keys], kind)
            for i, (name, kind) in enumerate(zip(_KEYS, kinds, strict=True))
        }
    )
    named = [run(_named, flows, {"conversations_noted": asked})] if keys else []
    return _columns(pa.concat_tables([*named, run(_long, flows, {"conversations_noted": asked})]))


def _named(flows: ibis.Table, asked: ibis.Table) -> ibis.Table:
    """The conversations asked for."""
    return _grouped(_oriented(flows).semi_join(asked, _KEYS))


def _long(flows: ibis.Table, asked: ibis.Table) -> ibis.Table:
    """The other conversations that lived two minutes."""
    told = _oriented(flows)
    grouped = _grouped(told.filter((told.protocol.isin([6, 17])) & (told.seen >= 2)))
    lived = grouped.until_us - grouped.since_us >= LEAST_SECONDS * 1_000_000
    return grouped.filter(lived & (grouped.seen >= LEAST_PACKETS)).anti_join(asked, _KEYS).order_by(_KEYS)


def _oriented(flows: ibis.Table) -> ibis.Table:
    """Each record with client, server, and what either sent. The rule is that of ``applications.service_is_source``."""
    import ibis

    swapped = (
        (flows.orientation != Orientation.SYN)
        & (flows.source_transport_port < flows.destination_transport_port)
        & (flows.source_transport_port > 0)
    )

    def turned(one: Any, other: Any) -> Any:
        return ibis.ifelse(swapped, one, other)

    interval = flows.sampling_packet_interval.cast("float64")
    scoped = flows.direction if "direction" in flows.columns else ibis.literal(Direction.OUTSIDE)
    outbound, inbound = scoped == Direction.OUTBOUND, scoped == Direction.INBOUND
    inside = scoped == Direction.INTERNAL
    bits = flows.tcp_control_bits
    octets = flows.octet_delta_count + flows.reverse_octet_delta_count
    packets = flows.packet_delta_count + flows.reverse_packet_delta_count
    return flows.select(
        client=turned(flows.destination_address, flows.source_address),
        server=turned(flows.source_address, flows.destination_address),
        port=turned(flows.source_transport_port, flows.destination_transport_port).cast("int64"),
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
        per_packet=octets / packets.nullif(0),
        flagged=(bits > 0).cast("int64"),
        pushing=((bits & 31) == 24).cast("int64"),
        own_client=(turned(inbound, outbound) | inside).cast("int64"),
        own_server=(turned(outbound, inbound) | inside).cast("int64"),
        scoped=(scoped != Direction.OUTSIDE).cast("int64"),
        sampling=flows.sampling_packet_interval,
        input=flows.input,
        first_frame=flows.first_frame,
        hour=flows.flow_start.truncate("h"),
    )


def _micros(column: Any) -> Any:
    """Microseconds since 1970 of a timestamp column, exactly (DuckDB's epoch is a double)."""
    import ibis

    return column.delta(ibis.timestamp("1970-01-01 00:00:00"), unit="microsecond")


def _grouped(told: ibis.Table) -> ibis.Table:
    import ibis

    t = ibis._
    sums = (
        "seen", "octets", "packets", "client_octets", "client_packets", "server_octets", "server_packets", "flagged",
        "pushing",
    )  # fmt: skip
    grouped = told.group_by(_KEYS).aggregate(
        **{name: t[name].sum() for name in sums},
        since_us=t.since_us.min(),
        until_us=t.until_us.max(),
        records=t.count(),
        per_packet_mean=t.per_packet.mean(),
        per_packet_spread=t.per_packet.std(how="pop"),
        own_client=t.own_client.max(),
        own_server=t.own_server.max(),
        scoped=t.scoped.max(),
        sampling=t.sampling.max(),
        input=t.input.argmin(t.since_us),
        first_frame=t.first_frame.argmin(t.since_us),
        hours=t.hour.nunique(),
    )
    return grouped.order_by(_KEYS)


def _columns(frame: Any) -> dict[str, Any]:
    n = frame.num_rows
    columns = {name: frame.column(name).to_numpy() for name in frame.column_names if name not in ("client", "server")}
    for name in ("client", "server"):
        octets = b"".join(frame.column(name).to_pylist())
        columns[name] = np.frombuffer(octets, np.uint8).reshape(n, 16)
    columns["since"], columns["until"] = columns.pop("since_us") * 1000, columns.pop("until_us") * 1000
    for name in ("own_client", "own_server", "scoped"):
        columns[name] = columns[name].astype(bool)
    for name in ("octets", "packets", "client_octets", "client_packets", "server_octets", "server_packets"):
        columns[name] = columns[name].astype(np.float64)
    mean, spread = columns.pop("per_packet_mean"), columns.pop("per_packet_spread")
    columns["spread"] = np.asarray(spread, np.float64) / np.maximum(np.asarray(mean, np.float64), 1.0)
    return columns
