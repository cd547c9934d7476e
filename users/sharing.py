"""Who shares an address that is not written to."""

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Exists, F, OuterRef, QuerySet, Window
from django.db.models.functions import RowNumber

from gateway_project.lib.vocabulary import PHONE_CHANNELS, Channel
from users.models import EndUser, Suppression

MOST_NAMED = 100
"""Of those who share one address."""


def known_to(label_id: int, brand_id: int | None, *, after: int | None) -> "QuerySet[Suppression]":
    """The label's suppressions in the order in which they came; those of a brand's users only,
    where it is named."""
    rows = Suppression.objects.filter(label=label_id).order_by("pk")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    if brand_id is None:
        return rows
    theirs = EndUser.objects.filter(label=label_id, brand=brand_id)
    of_email = Exists(theirs.filter(email_index=OuterRef("address_index")))
    of_phone = Exists(theirs.filter(phone_index=OuterRef("address_index")))
    return rows.filter(of_email | of_phone)


def sharing(
    rows: Collection[Suppression], brand_id: int | None
) -> list[tuple[Suppression, list[str], bool]]:
    """Each with the first ids of the users who have the address, and whether there are more.

    Two queries. Only users of the brand are named, where one is given.
    """
    names = {
        **_names(rows, {Channel.EMAIL}, "email_index", brand_id),
        **_names(rows, PHONE_CHANNELS, "phone_index", brand_id),
    }
    found = [(row, names.get(row.address_index, [])) for row in rows]
    return [(row, ids[:MOST_NAMED], len(ids) > MOST_NAMED) for row, ids in found]


def _names(
    rows: Collection[Suppression], channels: Collection[str], column: str, brand_id: int | None
) -> dict[str, list[str]]:
    meant = [row for row in rows if row.channel in channels]
    users = EndUser.objects.filter(
        label__in={row.label_id for row in meant},
        **{f"{column}__in": {row.address_index for row in meant}},
    )
    if brand_id is not None:
        users = users.filter(brand=brand_id)
    place = Window(RowNumber(), partition_by=F(column), order_by="ext_user_id")
    first = users.annotate(place=place).filter(place__lte=MOST_NAMED + 1).order_by("ext_user_id")
    names: defaultdict[str, list[str]] = defaultdict(list)
    for index, ext_user_id in first.values_list(column, "ext_user_id"):
        names[index].append(ext_user_id)
    return names
