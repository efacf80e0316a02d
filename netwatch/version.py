"""The version of netwatch."""

__version__ = "0.1.0"
