"""Findings to PDF, PNG, HTML, JSON and CSV. The only room that draws."""
