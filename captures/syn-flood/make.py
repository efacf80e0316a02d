"""Writes this folder's files anew: ``python captures/syn-flood/make.py``."""

from pathlib import Path

from netwatch.simulate import simulate

simulate("syn-flood", Path(__file__).parent, seed=1)
