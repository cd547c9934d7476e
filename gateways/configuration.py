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

    def current(self) -> Configuration:
        kept = self.kept
        if kept is not None and time.monotonic() - self.looked_at < LOOK_EVERY_SECONDS:
            return kept
        with self.lock:
            version = ConfigurationVersion.read()
            if self.kept is None or self.kept.version != version:
                self.kept = load(version)
            self.looked_at = time.monotonic()
            return self.kept

    def forget(self, **_: Any) -> None:
        """Now, for the rest of this transaction, and again once others can see the change."""
        self.kept = None
        transaction.on_commit(self.forget_now)

    def forget_now(self) -> None:
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
