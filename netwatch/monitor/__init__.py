"""One scheduled pass after another."""
