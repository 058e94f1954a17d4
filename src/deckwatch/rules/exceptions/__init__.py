"""Exceptions to rules: lists of items, read, linked to their rules, and lowered to conditions."""
