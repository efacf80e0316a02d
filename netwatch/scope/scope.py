"""``Scope``: says of each flow whether, by which group and in which direction it concerns the watched networks."""

from __future__ import annotations

import numpy as np

from netwatch.errors import UsageError
from netwatch.model.elements import Direction
from netwatch.model.flows import Flows, octets_both
from netwatch.model.tally import Tally
from netwatch.scope.dated import DatedTables
from netwatch.scope.home import frequent_network, private_group
from netwatch.scope.options import ScopeOptions
from netwatch.scope.ownership import NONE, Ownership, Sides
from netwatch.scope.watch import Group, Member, groups_of

_BY_CLAIM = np.array([Direction.OUTSIDE, Direction.INBOUND, Direction.OUTBOUND, Direction.INTERNAL], np.uint8)
"""Direction by (source is own) * 2 + (destination is own)."""


class Scope:
    """The watched networks of a run.

    A flow between two foreign addresses is TRANSIT when its exporter is a watched address, else OUTSIDE.
    With nothing asked for, the whole capture is watched (``inferred``): own are private addresses and the public
    network that at least half of the first batch's remaining flows have an end in; what has no own end is TRANSIT,
    never OUTSIDE.
    """

    def __init__(self, groups: list[Group], tables: DatedTables, *, inferred: bool) -> None:
        self.groups = groups
        self.inferred = inferred
        self.tables = tables
        self.tally = Tally("scope", "flow")
        self._ownership = Ownership(groups)
        self._settled = not inferred

    @classmethod
    def build(cls, options: ScopeOptions) -> Scope:
        """The scope that options ask for.

        Raises:
            UsageError: an AS or country that no table knows, a prefix, date or watch file that means nothing.
            UnreadableInput: the given table cannot be read.
        """
        groups = groups_of(options)
        tables = DatedTables.open(options.table)
        for group in groups:
            for member in group.members:
                _check_known(member, tables)
        return cls(groups or [private_group()], tables, inferred=not groups)

    def annotate(self, flows: Flows) -> Flows:
        """The flows with the columns of ``SCOPED``; none is left out."""
        times = flows["flow_start_nanoseconds"]
        columns: dict[str, np.ndarray] = {}
        sides = []
        for side in ("source", "destination"):
            address = flows[f"{side}_address"]
            number = self.tables.find("as", address, times)
            exported = flows[f"bgp_{side}_as_number"]
            columns[f"{side}_as"] = np.where(number > 0, number, exported)
            columns[f"{side}_country"] = self.tables.find("country", address, times).astype(np.uint16)
            sides.append(Sides(address, columns[f"{side}_as"], columns[f"{side}_country"]))
        if not self._settled and len(flows):
            self._settle(flows, sides, times)
        source, destination = (self._ownership.claim(side, times) for side in sides)
        direction = _BY_CLAIM[(source != NONE) * 2 + (destination != NONE)]
        direction[(direction == Direction.OUTSIDE) & self._passes(flows, times)] = Direction.TRANSIT
        columns["direction"] = direction
        columns["watch"] = np.where(source != NONE, source, destination)
        self._count(flows, direction)
        return flows.with_columns(**columns)

    def holder(self, as_number: int) -> str:
        """Name of an AS by the latest table that has it, or an empty text."""
        for table in reversed(self.tables.having("as")):
            if name := table.holder(as_number):
                return name
        return ""

    def describe(self) -> dict[str, object]:
        """The scope in JSON-ready values: groups with their dates, tables with date, licence and attribution."""
        return {
            "inferred": self.inferred,
            "rule": _INFERRED if self.inferred else _GIVEN,
            "groups": [{"name": g.name, "members": [m.as_json() for m in g.members]} for g in self.groups],
            "tables": [self._told(layer, name) for layer, name in sorted(self.tables.used)],
        }

    def _told(self, layer: str, name: str) -> dict[str, object]:
        info = next(i for i in self.tables.infos(layer) if str(i) == name)
        return {
            "layer": layer,
            "name": info.name,
            "date": info.date,
            "source": info.source,
            "source_sha256": info.source_sha256,
            "licence": info.licence,
            "attribution": info.attribution,
            "note": info.note,
            "lookups": self.tables.used[layer, name],
        }

    def _settle(self, flows: Flows, sides: list[Sides], times: np.ndarray) -> None:
        claimed = np.column_stack([self._ownership.claim(side, times) != NONE for side in sides])
        network = frequent_network(flows, claimed)
        if network is not None:
            self.groups = [*self.groups, Group("most frequent network", (Member("prefix", network),))]
            self._ownership = Ownership(self.groups)
        self._settled = True

    def _passes(self, flows: Flows, times: np.ndarray) -> np.ndarray:
        if self.inferred:
            return np.ones(len(flows), bool)
        exporter = flows["exporter_address"]
        if not exporter.any():
            return np.zeros(len(flows), bool)
        number = self.tables.find("as", exporter, times)
        country = self.tables.find("country", exporter, times)
        passes: np.ndarray = self._ownership.claim(Sides(exporter, number, country), times) != NONE
        return passes

    def _count(self, flows: Flows, direction: np.ndarray) -> None:
        octets = octets_both(flows)
        inside = direction != Direction.OUTSIDE
        self.tally.keep(int(inside.sum()), int(octets[inside].sum()))
        if not inside.all():
            self.tally.drop("outside the scope", int((~inside).sum()), int(octets[~inside].sum()))
        for code, number in zip(*np.unique(direction, return_counts=True), strict=True):
            self.tally.notes[Direction.names[int(code)]] += int(number)


_GIVEN = "own are the addresses that a group claims at the flow's start; a prefix counts before an AS, before a country"
_INFERRED = (
    "nothing was said about whose traffic is watched: own are private addresses and the public network (/16, IPv6 /32) "
    "that at least half of the first flows without a private end have an end in; the whole capture is in scope"
)


def _check_known(member: Member, tables: DatedTables) -> None:
    layer = {"asn": "as", "country": "country"}.get(member.kind)
    if layer is None or not isinstance(member.value, int):
        return
    known = tables.having(layer)
    names = ", ".join(str(table.info) for table in known)
    if not known:
        raise UsageError(
            f"{member}: the table {', '.join(str(i) for i in tables.infos('as') or tables.infos('country'))} tells no "
            f"{'country' if layer == 'country' else 'AS'}; give one that does with --table, or networks with --prefix"
        )
    if not any(table.holds(layer, member.value) for table in known):
        raise UsageError(f"{member} is not in the prefix table {names}; give its networks with --prefix")
