"""Feature table of conversations: payload, names, sizes, timing and shape of each client's use of one service."""

from __future__ import annotations

from typing import ClassVar

from netwatch.fingerprint.conversation_features import DECLARED, PAYLOAD
from netwatch.fingerprint.features import Feature, Features
from netwatch.wire.stratum import CLIENT, SERVER, messages, unwrapped


class Conversations(Features):
    """One row per (client, server, service port, protocol)."""

    declared: ClassVar[dict[str, Feature]] = DECLARED

    @classmethod
    def from_payload(cls, client: bytes, server: bytes) -> dict[str, float]:
        """Counts of messages in one flow's heads."""
        seen = messages(unwrapped(client), CLIENT) | messages(unwrapped(server), SERVER)
        return {name: float(name.partition(".")[2] in seen) for name in PAYLOAD} | {"payload.seen": 1.0}
