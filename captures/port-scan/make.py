"""Writes this folder's files anew: ``python captures/port-scan/make.py``."""

from pathlib import Path

from netwatch.simulate import simulate

simulate("port-scan", Path(__file__).parent, seed=1)
