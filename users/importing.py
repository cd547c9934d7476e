"""Importing: end users are made to be as rows say, many in one statement."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from uuid import UUID

from django.db import IntegrityError, transaction

from gateway_project.lib import copying
from gateway_project.lib.personal import Personal
from gateway_project.lib.transactions import writing
from gateways.models import Brand
from users.missing import found
from users.models import EndUser
from users.news import news
from users.reading import Read
from users.rows import ABSENT, BadRow, UserRow
from users.signals import end_users_changed

BATCH = 1000
TRIES = 3
WRITTEN = [
    *("brand", "sealed_properties", "email", "email_index", "phone", "phone_index"),
    "updated_at",
]

UNKNOWN_BRAND = "unknown brand"
ANOTHER_BRAND = "not the brand that the key is bound to"
TAKEN = "the id is that of a user outside the brand that the key is bound to"
UNKNOWN_USER = "no such user"
UNCALLABLE = "phone is not a number we can call"
REPEATED = "the user came before; what came last stands"


class Outcome(StrEnum):
    """What became of a row."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResult:
    """`reason` says why a row was bad and `field` where, `notes` what is odd about a good one. None
    of them quotes it."""

    outcome: Outcome
    reason: str = ""
    field: str = ""
    notes: tuple[str, ...] = ()


def import_rows(
    label_id: int,
    reads: Iterable[Read],
    *,
    started_at: datetime,
    bound_to: int | None = None,
    dry_run: bool = False,
) -> Iterator[tuple[int, RowResult]]:
    """Upserts a stream in batches, each in a transaction of its own; answers per line, in order.

    A user written since `started_at` is noted as one who came before.
    """
    remaining = iter(reads)
    while batch := list(islice(remaining, BATCH)):
        results = import_batch(
            label_id, batch, started_at=started_at, bound_to=bound_to, dry_run=dry_run
        )
        yield from zip((line for line, _ in batch), results, strict=True)


def import_batch(
    label_id: int,
    batch: Sequence[Read],
    *,
    started_at: datetime,
    bound_to: int | None = None,
    dry_run: bool = False,
) -> list[RowResult]:
    """Upserts the good rows of up to `BATCH` lines; answers for each line, in their order."""
    rows = [row for _, row in batch if isinstance(row, UserRow)]
    results = iter(
        upsert(label_id, rows, started_at=started_at, bound_to=bound_to, dry_run=dry_run)
    )
    return [bad(row) if isinstance(row, BadRow) else next(results) for _, row in batch]


def upsert(
    label_id: int,
    rows: Sequence[UserRow],
    *,
    bound_to: int | None = None,
    only_known: bool = False,
    started_at: datetime | None = None,
    looked_up_at: datetime | None = None,
    dry_run: bool = False,
) -> list[RowResult]:
    """Creates and changes the label's users as the rows say, in their order; a result for each.

    One transaction and a handful of statements: meant for up to `BATCH` rows. `bound_to` is the one
    brand whose users may be touched and made; `only_known` makes no new ones. `looked_up_at` is
    when a directory said so: what the platform says itself is no copy, and replaces one. A dry run
    takes all of it back.
    """
    for tries_left in reversed(range(TRIES)):
        try:
            with writing():
                users = _Users(label_id, rows, started_at, bound_to, looked_up_at)
                said = [users.say(row, only_known=only_known) for row in rows]
                users.write()
                if dry_run:
                    transaction.set_rollback(True)
            break
        except IntegrityError:  # someone else has just made one of these users
            if not tries_left:
                raise
    return [_result(row, one) for row, one in zip(rows, said, strict=True)]


def bad(row: BadRow) -> RowResult:
    return RowResult(outcome=Outcome.BAD, reason=str(row), field=row.field)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What a row did to its user in memory."""

    outcome: Outcome
    user: EndUser
    came_before: bool = False


def _result(row: UserRow, said: _Said | BadRow) -> RowResult:
    if isinstance(said, BadRow):
        return bad(said)
    is_uncallable = isinstance(row.phone, Personal) and said.user.phone_index is None
    notes = {REPEATED: said.came_before, UNCALLABLE: is_uncallable}
    return RowResult(
        outcome=said.outcome, notes=tuple(note for note, holds in notes.items() if holds)
    )


class _Users:
    """The users that some rows speak of, locked, and which of them are to be written."""

    def __init__(
        self,
        label_id: int,
        rows: Sequence[UserRow],
        started_at: datetime | None,
        bound_to: int | None,
        looked_up_at: datetime | None,
    ) -> None:
        self._label_id, self._bound_to, self._looked_up_at = label_id, bound_to, looked_up_at
        self._brands = dict(Brand.objects.filter(label_id=label_id).values_list("slug", "pk"))
        self._known = _locked(label_id, {row.ext_user_id for row in rows})
        self._came_before = {
            ext_user_id
            for ext_user_id, user in self._known.items()
            if started_at is not None and user.updated_at >= started_at
        }
        self._created: dict[str, EndUser] = {}
        self._changed: dict[str, EndUser] = {}
        self._told: dict[str, EndUser] = {}
        self._copies: list[UUID] = []

    def say(self, row: UserRow, *, only_known: bool) -> _Said | BadRow:
        """Changes the row's user in memory, or makes a new one."""
        ext_user_id, came_before = row.ext_user_id, row.ext_user_id in self._came_before
        is_new = ext_user_id not in self._known
        if hurdle := self._hurdle(row, must_be_known=only_known):
            return hurdle
        user = self._make(ext_user_id) if is_new else self._known[ext_user_id]
        is_copy_no_more = self._let_go_of_copy(user)
        what_is_new = news(user, row, self._brands)
        for name, value in what_is_new.items():
            setattr(user, name, value)
        is_changed = bool(what_is_new) or is_copy_no_more
        if is_changed and ext_user_id not in self._created:
            self._changed[ext_user_id] = user
        self._told[ext_user_id] = user
        self._came_before.add(ext_user_id)
        outcome = Outcome.CHANGED if is_changed else Outcome.UNCHANGED
        return _Said(
            outcome=Outcome.CREATED if is_new else outcome, user=user, came_before=came_before
        )

    def _hurdle(self, row: UserRow, *, must_be_known: bool) -> BadRow | None:
        """Why the row is not taken, if it is not."""
        user = self._known.get(row.ext_user_id)
        if user is None and must_be_known:
            return BadRow(UNKNOWN_USER, "ext_user_id")
        if self._bound_to is not None and user is not None and user.brand_id != self._bound_to:
            return BadRow(UNKNOWN_USER if must_be_known else TAKEN, "ext_user_id")
        if isinstance(row.brand, str) and row.brand not in self._brands:
            return BadRow(UNKNOWN_BRAND, "brand")
        if self._bound_to is None or row.brand is ABSENT:
            return None
        is_own = row.brand is not None and self._brands[row.brand] == self._bound_to
        return None if is_own else BadRow(ANOTHER_BRAND, "brand")

    def write(self) -> None:
        """A few statements. A changed user keeps the key that its ciphertexts are bound to."""
        in_order = [user for _, user in sorted(self._created.items(), key=lambda made: made[0])]
        copying.insert(EndUser, in_order)
        copying.update(EndUser, list(self._changed.values()), WRITTEN)
        self._note_source()
        found(self._label_id, {*self._created, *self._changed})
        if written := [*self._created.values(), *self._changed.values()]:
            end_users_changed.send(EndUser, label_id=self._label_id, end_users=written)

    def _let_go_of_copy(self, user: EndUser) -> bool:
        """The platform's own word replaces what a directory had said, which was for a time only.
        Whether there was a copy."""
        if self._looked_up_at is not None or user.looked_up_at is None:
            return False
        user.email = user.phone = user.looked_up_at = None
        user.properties = {}
        self._copies.append(user.pk)
        return True

    def _note_source(self) -> None:
        """What a directory has said is a copy, which goes in time; what the platform says stays."""
        is_directory = self._looked_up_at is not None
        new = [user.pk for user in self._told.values()] if is_directory else self._copies
        users = EndUser.objects.filter(pk__in=new)
        users.update(looked_up_at=self._looked_up_at, refresh_due_at=None)

    def _make(self, ext_user_id: str) -> EndUser:
        user = EndUser(label_id=self._label_id, ext_user_id=ext_user_id, brand_id=self._bound_to)
        self._known[ext_user_id] = self._created[ext_user_id] = user
        return user


def _locked(label_id: int, ext_user_ids: set[str]) -> dict[str, EndUser]:
    """In one order everywhere, so that two imports at a time do not wait for each other."""
    users = EndUser.objects.filter(label_id=label_id, ext_user_id__in=ext_user_ids)
    return {
        user.ext_user_id: user
        for user in users.select_for_update(no_key=True).order_by("ext_user_id")
    }
