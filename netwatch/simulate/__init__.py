"""Labelled traffic to try netwatch on: scenarios with their truth."""
