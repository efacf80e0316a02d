"""Flows and series at rest, and the engines that query them."""

from netwatch.store.flows import FlowStore

__all__ = ["FlowStore"]
