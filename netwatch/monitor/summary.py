"""``PassSummary``: what one pass of the monitor came to, for health checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class PassSummary:
    """One pass. Times are ns UTC, 0 for never.

    ``last_success``: end of the last pass that ran through (this one, where it did). ``newest``: end of the newest
    flow in the store; the lag is counted from it. Inputs of this pass: ``inputs_seen`` found, ``inputs_ingested`` new
    in the store, ``inputs_waiting`` still being written, ``inputs_quarantined`` set aside (all that still are).
    ``flows``: Flow Records of this pass; ``kept``, ``dropped``, ``lost``: units over its inputs, as in ``Tally``.
    ``findings``: open findings by class of the taxonomy, or by kind where they have none.
    ``notices_sent``, ``notices_held``, ``notices_failed``: notices times sinks. ``faults``: what went wrong, in words.
    """

    started: int
    ended: int
    last_success: int
    newest: int = 0
    inputs_seen: int = 0
    inputs_ingested: int = 0
    inputs_waiting: int = 0
    inputs_quarantined: int = 0
    flows: int = 0
    kept: int = 0
    dropped: int = 0
    lost: int = 0
    findings: dict[str, int] = field(default_factory=dict)
    notices_sent: int = 0
    notices_held: int = 0
    notices_failed: int = 0
    faults: tuple[str, ...] = ()

    @property
    def loss(self) -> float:
        """The share of all units known to exist that never arrived, 0 to 1."""
        known = self.kept + self.dropped + self.lost
        return self.lost / known if known else 0.0

    def as_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        return asdict(self) | {"faults": list(self.faults)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> PassSummary:
        """The summary that :meth:`as_json` wrote; keys of another version are left out."""
        known = {f.name for f in fields(cls)}
        kept = {key: value for key, value in values.items() if key in known}
        return cls(**kept | {"faults": tuple(kept.get("faults", ()))})
