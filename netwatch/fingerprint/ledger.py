"""What the first pass remembers of payload: hits and facts per conversation, names and the addresses they answer to.

Bounded: past ``limit`` conversations only those known already are added to, and the rest are counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

REFERENCES = 8
TARGETS = 256


@dataclass(slots=True)
class Noted:
    """Of one conversation: ``hits`` flow records per pattern name; ``sides``: 1 client, 2 server seen with payload.

    ``facts``: the first value of each field; ``users`` and ``agents`` all, up to 64; ``targets`` (ns, field, value) of
    difficulties in order; ``ranges``: highest octets of the nonces of shares; ``names``: (kind, host) with kind "sni",
    "host", "zip301" or "question". ``flipped``: payload shows that the server is the side taken for the client.
    """

    hits: Counter[str] = field(default_factory=Counter)
    sides: int = 0
    facts: dict[str, str] = field(default_factory=dict)
    users: Counter[str] = field(default_factory=Counter)
    agents: Counter[str] = field(default_factory=Counter)
    targets: list[tuple[int, str, str]] = field(default_factory=list)
    ranges: set[int] = field(default_factory=set)
    names: dict[tuple[str, str], int] = field(default_factory=dict)
    references: list[str] = field(default_factory=list)
    flipped: bool = False

    def refer(self, reference: str) -> None:
        """Remember where, for the first few."""
        if len(self.references) < REFERENCES and reference not in self.references:
            self.references.append(reference)


class Ledger:
    """Evidence by conversation key. ``answers`` maps a server's 16 octets to the listed name that DNS gave it."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.noted: dict[bytes, Noted] = {}
        self.answers: dict[bytes, str] = {}
        self.left_out = 0

    def open(self, key: bytes) -> Noted:
        """The entry of a conversation; one that is not kept when the ledger is full."""
        entry = self.noted.get(key)
        if entry is None:
            entry = Noted()
            if len(self.noted) < self.limit:
                self.noted[key] = entry
            else:
                self.left_out += 1
        return entry

    def answer(self, address: bytes, name: str) -> None:
        """DNS said that the listed name is at this address."""
        if len(self.answers) < self.limit:
            self.answers.setdefault(address, name)
