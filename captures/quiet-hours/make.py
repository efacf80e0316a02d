"""Writes this folder's files anew: ``python captures/quiet-hours/make.py``."""

from pathlib import Path

from netwatch.simulate import simulate

simulate("quiet-hours", Path(__file__).parent, seed=1)
