"""Closing: the platform says, many at a time, which addresses are not written to, or are again."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import partial
from typing import Any

from gateway_project.lib.personal import Personal
from gateway_project.lib.storable import UNSTORABLE
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import Channel
from users.addresses import deliverable_email, email_index, normal_phone, phone_index
from users.models import EndUser
from users.rows import PHONE_LENGTH
from users.suppressions import lift, suppress, suppressed_among

KNOWN = ("ext_user_id", "email_index", "phone_index")


class Problem(Enum):
    """Why something that was named is left as it is."""

    NO_TEXT = "a text is expected"
    NO_EMAIL = "not one e-mail address"
    NO_PHONE = "not a number we can call: write it as +49..., or name its country"
    NO_USER = "no such user"
    NO_ADDRESS = "the user has no address on this channel"
    NOT_OF_BRAND = "no user of the brand that the key is bound to has this address"
    SHARED = "users outside the brand that the key is bound to share this address"


class Change(StrEnum):
    """What became of an address."""

    SUPPRESSED = "suppressed"
    LIFTED = "lifted"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """An address on a channel; `address` where the caller has said it."""

    channel: str
    index: str
    address: Personal | None = None


def by_email(value: Any) -> Meant | Problem:
    if not isinstance(value, str):
        return Problem.NO_TEXT
    index = email_index(value)
    if index is None:
        return Problem.NO_EMAIL
    return Meant(channel=Channel.EMAIL, index=index, address=Personal(deliverable_email(value)))


def by_phone(value: Any, *, channel: str, country: str | None) -> Meant | Problem:
    if not isinstance(value, str):
        return Problem.NO_TEXT
    index = phone_index(value, country) if len(value) <= PHONE_LENGTH else None
    if index is None:
        return Problem.NO_PHONE
    return Meant(channel=channel, index=index, address=Personal(normal_phone(value, country)))


def by_users(
    label_id: int, values: Sequence[Any], *, channel: str, bound_to: int | None
) -> list[Meant | Problem]:
    """For each id what it means; of the users of one brand where the key is bound to it."""
    ids = [_id_of(value) for value in values]
    users = EndUser.objects.filter(
        label=label_id,
        ext_user_id__in={each for each in ids if isinstance(each, str)},
    )
    if bound_to is not None:
        users = users.filter(brand=bound_to)
    indexes = {user.ext_user_id: user.address_index(channel) for user in users.only(*KNOWN)}
    return [_by_user(each, indexes, channel) for each in ids]


def _id_of(value: Any) -> str | Problem:
    """A whole number is an id too, as everywhere. Nobody has one that no column holds."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return Problem.NO_TEXT
    return Problem.NO_USER if UNSTORABLE.search(value) else value


def _by_user(
    ext_user_id: str | Problem, indexes: dict[str, str | None], channel: str
) -> Meant | Problem:
    if isinstance(ext_user_id, Problem):
        return ext_user_id
    if ext_user_id not in indexes:
        return Problem.NO_USER
    index = indexes[ext_user_id]
    return Problem.NO_ADDRESS if index is None else Meant(channel=channel, index=index)


def close(
    label_id: int, named: Sequence[Meant | Problem], reason: str, *, bound_to: int | None
) -> list[Change | Problem]:
    """Suppresses all that is meant. Who is bound to a brand closes addresses of its users only."""
    allowed = _of_brand(label_id, named, bound_to)
    return _done(
        label_id, allowed, partial(suppress, reason=reason, by_platform=True), Change.SUPPRESSED
    )


def reopen(
    label_id: int,
    named: Sequence[Meant | Problem],
    *,
    by: str,
    because: str,
    bound_to: int | None,
) -> list[Change | Problem]:
    """Lifts all that is meant. Who is bound to a brand opens no address that others share."""
    allowed = _of_brand_alone(label_id, _of_brand(label_id, named, bound_to), bound_to)
    return _done(
        label_id, allowed, partial(lift, by=by, because=because, by_platform=True), Change.LIFTED
    )


def _done(
    label_id: int,
    named: Sequence[Meant | Problem],
    deed: Callable[..., object],
    done: Change,
) -> list[Change | Problem]:
    """One transaction; channel by channel, so that two callers do not wait for each other."""
    by_channel: defaultdict[str, dict[str, Personal | None]] = defaultdict(dict)
    for each in named:
        if isinstance(each, Meant):
            by_channel[each.channel].setdefault(each.index, each.address)
    still_to_do: set[tuple[str, str]] = set()
    with writing():
        for channel, indexes in sorted(by_channel.items()):
            before = suppressed_among(label_id, channel, indexes)
            is_done = before if done == Change.SUPPRESSED else indexes.keys() - before
            still_to_do |= {(channel, index) for index in indexes.keys() - is_done}
            addresses = {index: plain for index, plain in indexes.items() if plain is not None}
            deed(label_id, channel, indexes, addresses=addresses)
    return [_change(each, still_to_do, done) for each in named]


def _change(
    each: Meant | Problem, still_to_do: set[tuple[str, str]], done: Change
) -> Change | Problem:
    """The first one to name an address has changed it."""
    if isinstance(each, Problem):
        return each
    address = each.channel, each.index
    if address not in still_to_do:
        return Change.UNCHANGED
    still_to_do.remove(address)
    return done


def _of_brand(
    label_id: int, named: Sequence[Meant | Problem], bound_to: int | None
) -> Sequence[Meant | Problem]:
    if bound_to is None:
        return named
    own = _held(named, EndUser.objects.filter(label=label_id, brand=bound_to))
    return _without(named, lambda meant: meant.index in own, Problem.NOT_OF_BRAND)


def _of_brand_alone(
    label_id: int, named: Sequence[Meant | Problem], bound_to: int | None
) -> Sequence[Meant | Problem]:
    if bound_to is None:
        return named
    users = EndUser.objects.filter(label=label_id)
    shared = _held(named, users.exclude(brand=bound_to))
    return _without(named, lambda meant: meant.index not in shared, Problem.SHARED)


def _held(named: Iterable[Meant | Problem], users: Any) -> Collection[str]:
    """Those of the indexes that are of one of the users."""
    meant = [each for each in named if isinstance(each, Meant)]
    emails = {each.index for each in meant if each.channel == Channel.EMAIL}
    phones = {each.index for each in meant} - emails
    found = set(users.filter(email_index__in=emails).values_list("email_index", flat=True))
    return found | set(users.filter(phone_index__in=phones).values_list("phone_index", flat=True))


def _without(
    named: Iterable[Meant | Problem], may_stay: Callable[[Meant], bool], problem: Problem
) -> list[Meant | Problem]:
    return [
        each if isinstance(each, Problem) or may_stay(each) else problem  # in its place
        for each in named
    ]
