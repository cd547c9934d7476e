"""What there is to drain in this process, and how a fault in it is named."""

import traceback
from collections.abc import Iterator

from django.utils.module_loading import autodiscover_modules

from gateway_project.lib.draining import DRAINS


def load() -> None:
    """Imports the apps' `tasks.py`, which register the drains."""
    autodiscover_modules("tasks")


def due() -> Iterator[tuple[str, str]]:
    """Every drain's name with every key that has due rows."""
    for drain in list(DRAINS.values()):
        for key in drain.due():
            yield drain.name, key


def where(error: BaseException) -> str:
    """An error's type and place. Its text stays out of the log: a database quotes values in it."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
