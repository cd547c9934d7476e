"""Tells the floor above which key seals: at its first use, and once a minute while it is used."""

import math
import time
from collections.abc import Callable
from functools import cache
from typing import Final

from django.db import connection, transaction
from django.dispatch import Signal

EVERY_SECONDS: Final = 60.0

key_used = Signal()
"""Sent after the commit of what was sealed, with `key_id`. Never inside the transaction: two that
seal at once would wait for each other."""

_told_at: dict[str, float] = {}


def notice(key_id: str) -> None:
    """To be called wherever a value is sealed; costs next to nothing."""
    if _is_told(key_id):
        return
    tell, waiting = _teller(key_id), connection.run_on_commit
    if not waiting or waiting[-1][1] is not tell:
        transaction.on_commit(tell, robust=True)


def forget() -> None:
    _told_at.clear()


def _is_told(key_id: str) -> bool:
    return time.monotonic() - _told_at.get(key_id, -math.inf) < EVERY_SECONDS


@cache
def _teller(key_id: str) -> Callable[[], None]:
    def tell() -> None:
        if _is_told(key_id):
            return
        _told_at[key_id] = time.monotonic()
        try:
            key_used.send(__name__, key_id=key_id)
        except Exception:
            del _told_at[key_id]
            raise

    return tell
