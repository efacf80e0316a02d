"""Flows to verdicts: rules with evidence."""
