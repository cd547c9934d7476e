"""Copies: what a directory has said of a user, kept as a row for the directory's TTL.

When that has passed, the addresses and properties go; the row stays for its messages, with the
blind indexes, so that a late complaint still closes the address.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from gateways import configuration
from gateways.directory_kinds import TTL_SECONDS
from gateways.values import LabelValues
from users.addresses import normal_email
from users.directories.base import DirectoryDown, Record
from users.directories.door import door_of
from users.directories.kept import directory_of
from users.importing import Outcome, upsert
from users.models import EndUser
from users.rows import BadRow, UserRow, row_of

logger = logging.getLogger(__name__)

BATCH = 500
GONE: Mapping[str, Any] = {"email": None, "phone": None, "sealed_properties": None}


def copy_of(label: LabelValues, known_as: str) -> EndUser | None:
    """The label's user of this id, asked for unless there is a copy that is fresh.

    Raises DirectoryDown.
    """
    directory = directory_of(label)
    user = EndUser.objects.filter(label=label.id, ext_user_id=known_as).first()
    if directory is None or (user and is_fresh(user, directory.ttl, datetime.now(UTC))):
        return user
    record = door_of(label.id).ask(directory, known_as)
    if record is None:
        if user is not None:
            keep_gone([user.pk])
        return None
    return keep(label.id, {known_as: record}).get(known_as)


def is_fresh(user: EndUser, ttl: timedelta, now: datetime) -> bool:
    return user.looked_up_at is not None and user.looked_up_at > now - ttl


def is_emptied(label: LabelValues, user: EndUser) -> bool:
    """Whether the directory has to be asked before anything is known of the user again."""
    return label.directory is not None and user.looked_up_at is None


def keep(label_id: int, records: Mapping[str, Record]) -> dict[str, EndUser]:
    """Makes the label's users be as the directory says; answers them by their ids.

    Those whose record cannot be used are left out: a brand that the label does not have, say.
    """
    rows = _rows(records)
    with writing():
        results = upsert(label_id, rows, looked_up_at=database_now())
        bad = {
            row.ext_user_id
            for row, result in zip(rows, results, strict=True)
            if result.outcome == Outcome.BAD
        }
        named = {row.ext_user_id for row in rows} - bad
        users = EndUser.objects.filter(label=label_id, ext_user_id__in=named)
        found = {user.ext_user_id: user for user in users}
    if len(found) < len(records):
        logger.error(
            "label %d: its directory told what cannot be used of %d users: an id or a brand that "
            "is none here",
            label_id,
            len(records) - len(found),
        )
    return found


def keep_gone(user_ids: Iterable[Any]) -> None:
    """They are not in the directory any more: there is nothing to write to."""
    users = EndUser.objects.filter(pk__in=list(user_ids))
    users.update(**GONE, looked_up_at=database_now(), refresh_due_at=None)


def forget_copies() -> int:
    """Removes what has been kept for longer than its directory allows; answers how many users.

    A label that has no directory any more does not own what it was told: those whom nothing refers
    to go altogether.
    """
    now = database_now()
    return sum(_forget(label, now) for label in configuration.current().labels.values())


def _forget(label: LabelValues, now: datetime) -> int:
    held = EndUser.objects.filter(label=label.id, looked_up_at__lte=now - _ttl(label))
    old = list(held.order_by("looked_up_at").values_list("pk", flat=True)[:BATCH])
    if not old:
        return 0
    with writing():
        locked = held.filter(pk__in=old).select_for_update(no_key=label.directory is not None)
        copies = EndUser.objects.filter(
            pk__in=list(locked.order_by("pk").values_list("pk", flat=True))
        )
        count = copies.update(**GONE, looked_up_at=None)
        if label.directory is None:
            _unused(copies).delete()
        return count


def _ttl(label: LabelValues) -> timedelta:
    """The directory's; the usual one where there is none any more, or none that can be read."""
    try:
        directory = directory_of(label)
    except DirectoryDown:
        directory = None
    return timedelta(seconds=TTL_SECONDS) if directory is None else directory.ttl


def _unused(users: "QuerySet[EndUser]") -> "QuerySet[EndUser]":
    """Those whom no row of any table refers to."""
    for relation in EndUser._meta.related_objects:
        theirs = relation.related_model._base_manager.filter(
            **{relation.field.name: OuterRef("pk")}
        )
        users = users.filter(~Exists(theirs))
    return users


def _rows(records: Mapping[str, Record]) -> list[UserRow]:
    """What can be used of the records. A bad address is none; the other channels stay open."""
    rows = []
    for ext_user_id, record in records.items():
        try:
            rows.append(row_of({**_said(record), "ext_user_id": ext_user_id}))
        except BadRow:
            continue
    return rows


def _said(record: Record) -> dict[str, Any]:
    email, phone = _text(record.get("email")), _text(record.get("phone"))
    properties = record.get("properties")
    return {
        "brand": _text(record.get("brand")),
        "email": email if email and normal_email(email) else None,
        "phone": phone,
        "properties": properties if isinstance(properties, dict) else {},
    }


def _text(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None
