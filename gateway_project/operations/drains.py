"""What there is to drain in this process, and how a fault in it is named."""

import math
import time
import traceback
from collections.abc import Iterator

from django.utils.module_loading import autodiscover_modules

from gateway_project.lib.draining import DRAINS


def load() -> None:
    """Imports the apps' `tasks.py`, which register the drains."""
    autodiscover_modules("tasks")


def due(looked_at: dict[str, float] | None = None) -> Iterator[tuple[str, str]]:
    """Every drain's name with every key that has due rows.

    `looked_at` remembers for the caller when a drain was last looked at: those that can wait are
    passed over until they want to be looked at again.
    """
    looked_at = {} if looked_at is None else looked_at
    now = time.monotonic()
    for drain in list(DRAINS.values()):
        if now - looked_at.get(drain.name, -math.inf) < drain.look_every:
            continue
        looked_at[drain.name] = now
        for key in drain.due():
            yield drain.name, key


def where(error: BaseException) -> str:
    """An error's type and place. Its text stays out of the log: a database quotes values in it."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
