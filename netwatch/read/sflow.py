"""sFlow version 5: each sampled packet becomes a flow of one packet, decoded as packets of captures are."""

from __future__ import annotations

import numpy as np

from netwatch.kernels.messages import CROWD, DUPLICATE, SFLOW
from netwatch.model.flows import Flows
from netwatch.model.tally import Tally
from netwatch.read.base import ReadOptions
from netwatch.read.links import link_name, not_ip_name

SMALLEST = 40
"""Octets of the smallest flow sample."""
_COLUMNS = {
    "source_transport_port": "source_port",
    "destination_transport_port": "destination_port",
    "protocol_identifier": "protocol",
    "octet_delta_count": "ip_length",
    "tcp_control_bits": "tcp_flags",
    "ip_class_of_service": "class_of_service",
    "initiator_octets": "payload_length",
    "flow_start_nanoseconds": "time",
    "flow_end_nanoseconds": "time",
}


def sampled(
    octets: np.ndarray, start: np.ndarray, length: np.ndarray, messages: np.ndarray, options: ReadOptions, tally: Tally
) -> Flows:
    """The packets sampled in the sFlow datagrams among ``messages``.

    Octets are counted with the datagrams; here units alone are: packets kept, and samples left out by reason. A flow's
    time is when its datagram was seen, for sFlow tells none of its own.
    """
    from netwatch.kernels.decode import COUNTS, decode
    from netwatch.kernels.frames import FRAME
    from netwatch.kernels.sflow import BROKEN, SAMPLE, walk_sflow
    from netwatch.model.packets import PACKET

    which = np.flatnonzero((messages["version"] == SFLOW) & ~np.isin(messages["status"], (DUPLICATE, CROWD)))
    if not len(which):
        return Flows.empty()
    room = int(length[which].sum()) // SMALLEST + 1
    frames, samples = np.zeros(room, FRAME), np.zeros(room, SAMPLE)
    counts, seen = np.zeros(BROKEN + 1, np.int64), np.zeros(COUNTS, np.int64)
    found = walk_sflow(octets, start[which], length[which], messages[which], frames, samples, counts)
    frames, rows = frames[:found], np.zeros(found, PACKET)
    kept, _ = decode(octets, frames, 0, rows, np.empty(0, np.int64), seen, options.layer == "inner")
    rows = rows[:kept]
    tally.keep(kept, 0)
    _account(frames[frames["status"] != 0], counts, tally)
    flows = _flows(rows, samples[rows["frame"]], messages[which])
    return flows.with_columns(**_carried(octets, rows)) if rows["tunnel"].any() else flows


def _carried(octets: np.ndarray, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of the tunnels in which sampled packets were."""
    from netwatch.kernels.carriers import Carriers, number_carriers

    carriers = Carriers.empty()
    number_carriers(octets, rows, carriers)
    told = carriers.rows[rows["carrier"]]
    sides = {
        f"outer_{side}_address": np.stack([told[f"{side}_high"], told[f"{side}_low"]], axis=1)
        for side in ("source", "destination")
    }
    return {"tunnel": rows["tunnel"], "tunnel_identifier": rows["tunnel_identifier"], **sides}


def _account(refused: np.ndarray, counts: np.ndarray, tally: Tally) -> None:
    from netwatch.kernels.decode import REASONS
    from netwatch.kernels.link import NOT_IP, UNKNOWN_LINK
    from netwatch.kernels.sflow import BROKEN, COUNTER_SAMPLES, NO_HEADER, OTHER_SAMPLES

    for status, detail in zip(refused["status"].tolist(), refused["detail"].tolist(), strict=True):
        reason = REASONS[status]
        if status in (NOT_IP, UNKNOWN_LINK) and len(tally.dropped) < 64:
            reason += f": {not_ip_name(detail) if status == NOT_IP else link_name(detail)}"
        tally.drop(f"sampled packet: {reason}", 1, 0)
    if counts[NO_HEADER]:
        tally.drop("flow sample without packet header", int(counts[NO_HEADER]), 0)
    if counts[BROKEN]:
        tally.drop("sample goes beyond its datagram", int(counts[BROKEN]), 0)
    for text, place in (("counter sample", COUNTER_SAMPLES), ("sample of another kind", OTHER_SAMPLES)):
        if counts[place]:
            tally.notes[text] += int(counts[place])


def _flows(rows: np.ndarray, samples: np.ndarray, messages: np.ndarray) -> Flows:
    message = messages[samples["message"]]
    columns = {name: rows[field] for name, field in _COLUMNS.items()}
    for side in ("source", "destination"):
        columns[f"{side}_address"] = np.stack([rows[f"{side}_high"], rows[f"{side}_low"]], axis=1)
    size = np.minimum(rows["ip_length"], 65_535)
    columns |= {
        "packet_delta_count": np.ones(len(rows), np.int64),
        "minimum_ip_total_length": size,
        "maximum_ip_total_length": size,
        "fragment_flags": rows["fragment"] > 0,
        "vlan_id": np.where(rows["vlan"] > 0, rows["vlan"], samples["vlan"]),
        "ingress_interface": samples["ingress"],
        "egress_interface": samples["egress"],
        "bgp_source_as_number": samples["source_as"],
        "bgp_destination_as_number": samples["destination_as"],
        "bgp_next_adjacent_as_number": samples["next_as"],
        "next_hop_address": np.stack([samples["next_hop_high"], samples["next_hop_low"]], axis=1),
        "sampling_packet_interval": samples["rate"],
        "observation_domain_id": message["domain"],
        "exporter_address": np.stack([message["exporter_high"], message["exporter_low"]], axis=1),
        "first_frame": message["frame"],
    }
    return Flows(columns)
