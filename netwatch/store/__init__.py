"""Flows and series at rest, and the engines that query them."""
