"""Writes this folder's files anew: ``python captures/three-years/make.py``."""

from pathlib import Path

from netwatch.simulate import simulate

simulate("three-years", Path(__file__).parent, seed=1)
