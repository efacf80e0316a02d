"""Changes, verdicts and flows to findings."""
