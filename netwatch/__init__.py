"""netwatch: why a network's traffic rose, with evidence, from captures and flow exports."""

__version__ = "0.1.0"
