"""The drain of the users whose copies have to be fresh before a message leaves to them."""

import logging
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from gateway_project.lib.clock import database_now, moment
from gateway_project.lib.draining import from_the_front, skipping_locked
from gateway_project.lib.futures import failed
from gateway_project.lib.shares import part_of
from gateway_project.lib.transactions import writing
from gateways import configuration
from gateways.values import LabelValues
from users.directories.base import Directory, DirectoryDown, Record, settled
from users.directories.copies import keep, keep_gone
from users.directories.kept import directory_of
from users.models import EndUser
from users.signals import end_users_refreshed

logger = logging.getLogger(__name__)

DRAIN = "directory"
IN_THE_AIR = 32
"""Of one `worker` command."""
LEASE = timedelta(seconds=30)
WAIT = timedelta(seconds=5)
"""Before a directory that gave no answer is asked again."""


def want_fresh(user_ids: Iterable[UUID | None], now: datetime) -> None:
    """Has these users asked for, unless they already are."""
    ids = sorted({pk for pk in user_ids if pk is not None})
    EndUser.objects.filter(pk__in=ids, refresh_due_at=None).update(refresh_due_at=now)


def due_labels() -> list[str]:
    """The labels, as drain keys, whose directory is to be asked about somebody now."""
    return [
        str(label.id)
        for label in configuration.current().labels.values()
        if label.directory is not None and _due(label.id, moment()).exists()
    ]


def _due(label_id: int, now: Any) -> Any:
    return EndUser.objects.filter(label=label_id, refresh_due_at__lte=now)


class RefreshWork:
    """Asks one label's directory. A claim moves `refresh_due_at` behind the lease."""

    is_paced = False

    def __init__(self, key: str) -> None:
        self.label_id, self.concurrency = int(key), part_of(IN_THE_AIR)

    def claim(self, free: int) -> list[EndUser]:
        if self._label() is None or not _due(self.label_id, moment()).exists():
            return []
        with writing():
            now = database_now()
            due = _due(self.label_id, now).order_by("refresh_due_at")
            with from_the_front():
                users = list(skipping_locked(due)[:free])
            self._put_off([user.pk for user in users], now + LEASE)
        return users

    def start(self, item: EndUser) -> "Future[Any]":
        try:
            directory = self._directory()
        except DirectoryDown as error:
            return failed(error)
        return directory.ask(item.ext_user_id)

    def settle(self, finished: Sequence[tuple[EndUser, "Future[Any]"]]) -> None:
        records: dict[str, Record] = {}
        gone: list[UUID] = []
        unanswered: list[UUID] = []
        for user, future in finished:
            try:
                record = settled(self._directory(), future)
            except DirectoryDown as error:
                logger.warning("label %d: its directory: %s", self.label_id, error)
                unanswered.append(user.pk)
                continue
            if record is None:
                gone.append(user.pk)
            else:
                records[user.ext_user_id] = record
        self._write(finished, records, gone, unanswered)

    def renew(self, items: Iterable[EndUser]) -> None:
        """Nobody is asked for longer than the lease."""

    def close(self) -> None:
        """What is kept open is everybody's."""

    def _write(
        self,
        finished: Sequence[tuple[EndUser, Any]],
        records: dict[str, Record],
        gone: list[UUID],
        unanswered: list[UUID],
    ) -> None:
        with writing():
            kept = keep(self.label_id, records) if records else {}
            answered = [user for user, _ in finished if user.ext_user_id in records]
            gone += [user.pk for user in answered if user.ext_user_id not in kept]
            keep_gone(gone)
            self._put_off(unanswered, database_now() + WAIT)
            end_users_refreshed.send(
                EndUser, end_user_ids=[*(user.pk for user in kept.values()), *gone]
            )

    def _put_off(self, user_ids: Collection[UUID], until: datetime) -> None:
        EndUser.objects.filter(pk__in=user_ids).update(refresh_due_at=until)

    def _label(self) -> LabelValues | None:
        return configuration.current().labels.get(self.label_id)

    def _directory(self) -> Directory:
        label = self._label()
        directory = None if label is None else directory_of(label)
        if directory is None:
            raise DirectoryDown("there is none any more")
        return directory
