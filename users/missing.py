"""Missing users: ids that Smartico asks for and nobody has imported."""

from collections import Counter, defaultdict
from collections.abc import Collection as Ids
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from gateway_project.lib.clock import database_now
from gateway_project.lib.collecting import COLLECTIONS, Collection
from gateway_project.lib.transactions import writing
from gateways.values import LabelValues
from users.ids import stored_id
from users.models import Blip, EndUser, MissingUser
from users.radar import blip

FORGOTTEN_AFTER = timedelta(days=7)
LISTED_PER_HOUR = 1_000
"""New ones of a label; whoever asks for more is told in a number."""
UNLISTED = ""
"""In place of an id: the row that counts all that are not listed."""
BATCH = 1_000

Asked = tuple[int, int | None, str]


def note_missing(label: LabelValues, brand_id: int | None, ext_user_id: str) -> None:
    """Remembers that this id was asked for; it is written a few seconds later."""
    blip(label.id, brand_id, Blip.ASKED)
    _noted.note((label.id, brand_id, stored_id(label.user_ids, ext_user_id)))


def found(label_id: int, ext_user_ids: Ids[str]) -> None:
    """They are missing no more. Runs inside the transaction that brings them."""
    if not ext_user_ids:
        return
    missing = MissingUser.objects.filter(label=label_id, ext_user_id__in=ext_user_ids)
    brand_ids = dict(missing.values_list("pk", "brand_id"))
    if brand_ids:
        MissingUser.objects.filter(pk__in=brand_ids).delete()
        transaction.on_commit(partial(_note_who_came, label_id, Counter(brand_ids.values())))


def forget_missing() -> int:
    """Ends those that nobody has asked for in a week; answers how many."""
    old = MissingUser.objects.filter(last_asked_at__lt=database_now() - FORGOTTEN_AFTER)
    if not old.exists():
        return 0
    with writing():
        return MissingUser.objects.filter(
            pk__in=list(old.values_list("pk", flat=True)[:BATCH])
        ).delete()[0]


def _note_who_came(label_id: int, by_brand: Mapping[int | None, int]) -> None:
    for brand_id, count in by_brand.items():
        blip(label_id, brand_id, Blip.CAME, count)


def _write(counts: Mapping[Asked, int]) -> None:
    by_label: defaultdict[int, dict[str, tuple[int | None, int]]] = defaultdict(dict)
    for (label_id, brand_id, ext_user_id), times in counts.items():
        before = by_label[label_id].get(ext_user_id, (brand_id, 0))[1]
        by_label[label_id][ext_user_id] = brand_id, before + times
    for label_id, asked in by_label.items():
        with writing():
            _write_label(label_id, _still_missing(label_id, asked), database_now())


def _still_missing(
    label_id: int, asked: Mapping[str, tuple[int | None, int]]
) -> dict[str, tuple[int | None, int]]:
    """Those who have not come since; who belongs to another brand than the key's, has not."""
    users = EndUser.objects.filter(label=label_id, ext_user_id__in=asked)
    brands = dict(users.values_list("ext_user_id", "brand"))
    return {
        name: (brand_id, times)
        for name, (brand_id, times) in asked.items()
        if name not in brands or brand_id not in (None, brands[name])
    }


def _write_label(label_id: int, asked: Mapping[str, tuple[int | None, int]], now: datetime) -> None:
    """Raises those that are listed, lists new ones while there is room, and sums up the rest."""
    rows = MissingUser.objects.filter(label=label_id)
    locked = rows.select_for_update().filter(ext_user_id__in=[*asked, UNLISTED]).order_by("pk")
    known = {row.ext_user_id: row for row in locked}
    room = LISTED_PER_HOUR - rows.filter(first_asked_at__gt=now - timedelta(hours=1)).count()
    strangers = [name for name in asked if name not in known]
    beyond = sum(asked[name][1] for name in strangers[max(room, 0) :])
    raised = {name: asked[name] for name in known if name in asked}
    new = {name: asked[name] for name in strangers[: max(room, 0)]}
    if beyond:
        (raised if UNLISTED in known else new)[UNLISTED] = None, beyond
    _raise(known, raised, now)
    _list(label_id, new, now)


def _raise(
    known: Mapping[str, MissingUser], raised: Mapping[str, tuple[int | None, int]], now: datetime
) -> None:
    rows = [known[name] for name in raised]
    for row in rows:
        row.times, row.last_asked_at = row.times + raised[row.ext_user_id][1], now
    MissingUser.objects.bulk_update(rows, ["times", "last_asked_at"], batch_size=BATCH)


def _list(label_id: int, new: Mapping[str, tuple[int | None, int]], now: datetime) -> None:
    MissingUser.objects.bulk_create(
        [
            MissingUser(
                label_id=label_id,
                brand_id=brand_id,
                ext_user_id=name,
                times=times,
                first_asked_at=now,
                last_asked_at=now,
            )
            for name, (brand_id, times) in new.items()
        ],
        ignore_conflicts=True,  # another process was first; what it counts is near enough
    )


_noted = Collection(_write, most=LISTED_PER_HOUR * 5)
COLLECTIONS.append(_noted)
