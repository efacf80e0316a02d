"""Behaviour of hosts over all stored flows: feature tables of targets, of sources and of those who guess."""
