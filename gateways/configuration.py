"""The present configuration: what every request and every drain reads.

A process keeps one snapshot and looks at most every half second whether the version number in the
database has moved on; a change made in this process is seen at once.
"""

import threading
import time
from typing import Any

from django.db import transaction

from gateways.loading import load
from gateways.models import ConfigurationVersion, Gateway, Label
from gateways.signals import configuration_changed
from gateways.values import Configuration

LOOK_EVERY_SECONDS = 0.5


class _Snapshot:
    """The kept configuration of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.kept: Configuration | None = None
        self.looked_at = 0.0
        self.changes = 0

    def current(self) -> Configuration:
        if (fresh := self._fresh()) is not None:
            return fresh
        with self.lock:
            if (fresh := self._fresh()) is not None:  # somebody has looked meanwhile
                return fresh
            changes, kept = self.changes, self.kept
            version = ConfigurationVersion.read()
            if kept is None or kept.version != version:
                kept = load(version)
            self.kept, self.looked_at = kept, time.monotonic()
            if changes != self.changes:
                # A change was made while this was read: whoever asks next reads anew.
                self.kept = None
            return kept

    def _fresh(self) -> Configuration | None:
        is_fresh = time.monotonic() - self.looked_at < LOOK_EVERY_SECONDS
        return self.kept if is_fresh else None

    def forget(self, **_: Any) -> None:
        """Now, for the rest of this transaction, and again once others can see the change."""
        self.forget_now()
        transaction.on_commit(self.forget_now)

    def forget_now(self) -> None:
        self.changes += 1
        self.kept = None


_snapshot = _Snapshot()
current = _snapshot.current
forget = _snapshot.forget
forget_now = _snapshot.forget_now
configuration_changed.connect(forget)


def current_with(row: Label | Gateway) -> Configuration:
    """The present one, with this row in it: another process may have made it a moment ago."""
    known = current().labels if isinstance(row, Label) else current().gateways
    if row.pk not in known:
        forget_now()
    return current()
