"""Writes this folder's files anew: ``python captures/monero-day/make.py``."""

from pathlib import Path

from netwatch.simulate import simulate

simulate("monero-day", Path(__file__).parent, seed=1)
