"""Files and streams to packets and flow records."""
