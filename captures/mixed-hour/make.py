"""Writes this folder's files anew: ``python captures/mixed-hour/make.py``."""

from pathlib import Path

from netwatch.simulate import simulate

simulate("mixed-hour", Path(__file__).parent, seed=1)
