"""Writes this folder's files anew: ``python captures/bitcoin-stratum/make.py``."""

from pathlib import Path

from netwatch.simulate import simulate

simulate("bitcoin-stratum", Path(__file__).parent, seed=1)
