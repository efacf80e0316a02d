"""Writes this folder's files anew: ``python captures/ordinary-office/make.py``."""

from pathlib import Path

from netwatch.simulate import simulate

simulate("ordinary-office", Path(__file__).parent, seed=1)
