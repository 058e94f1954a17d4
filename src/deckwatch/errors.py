"""The base class of every error this library raises on purpose."""


class DeckwatchError(Exception):
    """Something a caller did that deckwatch can name and explain."""
