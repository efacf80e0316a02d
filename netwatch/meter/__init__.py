"""Packets to flows: the Metering Process (RFC 7011 section 2)."""
