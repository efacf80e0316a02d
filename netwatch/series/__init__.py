"""Flows to counters over equal bins."""
