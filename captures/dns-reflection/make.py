"""Writes this folder's files anew: ``python captures/dns-reflection/make.py``."""

from pathlib import Path

from netwatch.simulate import simulate

simulate("dns-reflection", Path(__file__).parent, seed=1)
