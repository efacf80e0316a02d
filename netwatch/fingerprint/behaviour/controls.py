"""Feature table of control systems: how a master's questions to a field device stand to the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from netwatch.fingerprint.behaviour.episodes import episodes, folded, measured, towards
from netwatch.fingerprint.behaviour.floors import Floor
from netwatch.fingerprint.behaviour.halves import FIRST_OWN_PORT, WINDOW_S, deaf, halves
from netwatch.fingerprint.features import Feature, Features, FeatureTable
from netwatch.fingerprint.queries import as_columns, run
from netwatch.model.address import from_octets

if TYPE_CHECKING:
    import ibis

PORTS = {102: "S7", 502: "Modbus", 2404: "IEC 60870-5-104", 20000: "DNP3", 44818: "EtherNet/IP", 47808: "BACnet"}
"""Ports of protocols in which a question waits for its answer."""
LEAST_PACKETS = 25
SHORTEST_S = 0.1
"""Least time over which a rate is taken."""

DECLARED = {
    "control.packets": Feature("packets to the device", "packets"),
    "control.rate": Feature("packets a second", "packets/s"),
    "control.answered": Feature("packets back per packet", ""),
    "control.octets": Feature("octets per packet", "octets"),
    "scope.inbound": Feature("from outside to the watched network", "yes/no"),
    "scope.outbound": Feature("from the watched network to outside", "yes/no"),
    "quality.sampling": Feature("sampling interval", "packets"),
}


class Controls(Features):
    """One row per (sender, device, port) and episode of windows."""

    declared: ClassVar[dict[str, Feature]] = DECLARED
    floors: ClassVar[tuple[Floor, ...]] = (
        Floor(LEAST_PACKETS, ("sender", "receiver", "port", "protocol"), "packets", WINDOW_S, ports=tuple(PORTS)),
    )

    def table(self, flows: ibis.Table) -> FeatureTable:
        """Features of everyone who talks to a field device."""
        rows = as_columns(run(_windows, flows))
        order, starts = episodes([rows["sender"], rows["receiver"], rows["port"]], rows["window"])
        how: dict[str, Any] = dict.fromkeys(("packets", "octets", "back", "flows", "inbound", "outbound"), np.add)
        how |= {"until_us": np.maximum, "interval": np.maximum, "since_us": np.minimum}
        first = ("sender", "receiver", "port", "protocol", "input", "first_frame")
        t = folded(rows, order, starts, how | dict.fromkeys(first, "first"))
        seconds = np.maximum(SHORTEST_S, (t["until_us"] - t["since_us"]) / 1e6)
        packets = np.maximum(1.0, t["packets"])
        silent = deaf(flows, t["input"])
        inbound, outbound = towards(t)
        out = (outbound == 1)[:, None]
        sender, receiver = from_octets(t["sender"]), from_octets(t["receiver"])
        return FeatureTable(
            subject=np.where(out, sender, receiver),
            peer=np.where(out, receiver, sender),
            port=t["port"].astype(np.uint16),
            protocol=t["protocol"].astype(np.uint8),
            flows=t["flows"].astype(np.float64),
            peers=np.ones(len(packets), np.int64),
            columns={
                "control.packets": t["packets"],
                "control.rate": t["packets"] / seconds,
                "control.answered": np.where(silent, np.nan, t["back"] / packets),
                "control.octets": t["octets"] / packets,
                "scope.inbound": inbound,
                "scope.outbound": outbound,
                "quality.sampling": t["interval"].astype(np.float64),
            },
            facts=lambda row: {"service": PORTS[int(t["port"][row])]},
            **measured(t),
        )


def _windows(flows: ibis.Table) -> ibis.Table:
    """Packets there and back by sender, device, port and window."""
    import ibis

    t, h = ibis._, halves(flows)
    # From a service's port it is an answer to a client that chose this port for itself.
    there = h.filter(h.receiver_port.isin(list(PORTS)) & ~h.sender_port.isin(list(PORTS)))
    there = there.filter((there.sender_port >= FIRST_OWN_PORT) | (there.receiver_port < FIRST_OWN_PORT))
    back = h.filter(h.sender_port.isin(list(PORTS)))
    keys = ["sender", "receiver", "port", "protocol", "window"]
    counted = there.rename(port="receiver_port").group_by(keys).aggregate(
        packets=t.packets.sum(), octets=t.octets.sum(), flows=t.count(), inbound=t.inbound.cast("int64").sum(),
        outbound=t.outbound.cast("int64").sum(), since_us=t.since_us.min(), until_us=t.until_us.max(),
        interval=t.interval.max(), input=t.input.argmin(t.since_us), first_frame=t.first_frame.argmin(t.since_us),
    )  # fmt: skip
    counted = counted.filter(counted.packets >= LEAST_PACKETS)
    answers = back.select(
        "protocol", "window", "packets", sender=back.receiver, receiver=back.sender, port=back.sender_port
    )
    answers = answers.group_by(keys).aggregate(back=t.packets.sum())
    return counted.left_join(answers, keys).select(counted, back=answers.back.fill_null(0.0)).order_by(keys)
