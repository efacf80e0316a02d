"""Octets to fields: one decoder a format, no I/O."""
