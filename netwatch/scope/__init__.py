"""Whose traffic it is: prefixes, ASNs, countries, dates and direction."""
