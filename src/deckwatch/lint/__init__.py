"""Checks of rules: what is wrong with them, or will be, before any event is seen."""
