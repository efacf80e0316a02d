"""Writes this folder's files anew: ``python captures/ssh-guess/make.py``."""

from pathlib import Path

from netwatch.simulate import simulate

simulate("ssh-guess", Path(__file__).parent, seed=1)
