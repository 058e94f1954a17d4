"""`python -m deckwatch` is `deckwatch`."""

from deckwatch.cli.main import main

main()
