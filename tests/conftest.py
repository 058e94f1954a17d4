"""How tests run here: Hypothesis without deadlines, as machines differ, in CI always with the same examples; and never
with the rules that the developer has in a store.
"""

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("local"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

os.environ["DECKWATCH_STORE"] = str(Path(tempfile.gettempdir()) / f"no-deckwatch-store-{os.getpid()}")
