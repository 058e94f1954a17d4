"""What stops the sensor, and what can be done about it."""

from deckwatch.errors import DeckwatchError


class SensorError(DeckwatchError):
    """The sensor cannot start or go on; `cure` says what the reader can do about it."""

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(f"{message}\n{cure}")
        self.message = message
        self.cure = cure
