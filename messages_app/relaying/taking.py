"""Taking what the platform wants told: each item becomes a relay, or is refused."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from gateway_project.lib.clock import database_now
from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.fields import opens
from gateway_project.lib.transactions import writing
from gateways.callers import Caller
from gateways.values import GatewayValues
from messages_app.models import Relay, RelayKind
from messages_app.relaying.able import gateways_that_take, preferred_of
from messages_app.relaying.wanted import Refusal, Wanted
from users.models import EndUser

logger = logging.getLogger(__name__)

Outcome = UUID | Refusal
Known = dict[tuple[int | None, str], tuple[UUID, str]]
TRIES = 3


def take(
    caller: Caller,
    kind: RelayKind,
    items: Sequence[Any],
    read: Callable[[Any], Wanted],
    *,
    request: str | None = None,
) -> list[Outcome]:
    """For each item, in order, the id of its relay or why there is none.

    One transaction. The insert decides about repeats: what came before under its id, or unchanged,
    is the same relay; another content under the same id is refused. `request` names what is asked
    where it may be done again: an item without an id is known by its place in it.
    """
    wanted = [_read(item, read) for item in items]
    if request is not None:
        wanted = [_known_by_place(each, request, place) for place, each in enumerate(wanted)]
    tries_left = TRIES
    while True:
        tries_left -= 1
        try:
            return _taken(caller, kind, wanted)
        except IntegrityError:  # somebody has just erased one of the users
            if not tries_left:
                raise


def _taken(caller: Caller, kind: RelayKind, wanted: Sequence[Wanted | Refusal]) -> list[Outcome]:
    with writing():
        users = _users(caller, [each for each in wanted if isinstance(each, Wanted)])
        gateways, now = gateways_that_take(caller.label.id, kind), database_now()
        made = [
            _made(each, users, gateways, now) if isinstance(each, Wanted) else each
            for each in wanted
        ]
        relays = [each for each in made if isinstance(each, Relay)]
        Relay.objects.bulk_create(_in_one_order(relays), ignore_conflicts=True)
        known = _known(relays)
    return [_outcome(each, known) if isinstance(each, Relay) else each for each in made]


def _read(item: Any, read: Callable[[Any], Wanted]) -> Wanted | Refusal:
    try:
        return read(item)
    except Refusal as refusal:
        return refusal


def _known_by_place(wanted: Wanted | Refusal, request: str, place: int) -> Wanted | Refusal:
    """A request that was lost before it was answered is done again, and tells nothing twice."""
    if isinstance(wanted, Refusal) or wanted.repeat_key is not None:
        return wanted
    return replace(
        wanted, repeat_key=keyed_digest(f"{request}:{place}", purpose="relay-of-request")
    )


def _users(caller: Caller, wanted: Iterable[Wanted]) -> dict[str, EndUser]:
    """The users by the platform's own ids; only those of the key's brand, where it has one."""
    users = EndUser.objects.filter(
        label=caller.label.id, ext_user_id__in={each.ext_user_id for each in wanted}
    ).defer("email", "phone")
    if caller.brand_id is not None:
        users = users.filter(brand=caller.brand_id)
    return {user.ext_user_id: user for user in users}


def _made(
    wanted: Wanted,
    users: dict[str, EndUser],
    gateways: Sequence[GatewayValues],
    now: datetime,
) -> Relay | Refusal:
    user = users.get(wanted.ext_user_id)
    if user is None:
        return Refusal(HTTPStatus.NOT_FOUND, "unknown_user", "no such user", "ext_user_id")
    if not opens(user.sealed_properties):
        logger.error("the properties of end user %s cannot be decrypted", user.pk)
        return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "try again later")
    if wanted.gateway:
        gateways = [each for each in gateways if each.slug == wanted.gateway]
    gateway = preferred_of(gateways, user.brand_id, user.properties)
    if gateway is None:
        field = "gateway" if wanted.gateway else ""
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return Refusal(status, "no_gateway", f"no gateway takes this user's {wanted.kind}s", field)
    return Relay(
        label_id=gateway.label_id,
        gateway_id=gateway.id,
        kind=wanted.kind,
        end_user=user,
        subject=wanted.subject,
        repeat_key=wanted.repeat_key,
        fingerprint=wanted.fingerprint,
        payload=dict(wanted.content),
        due_at=now,
        created_at=now,
    )


def _in_one_order(relays: Iterable[Relay]) -> list[Relay]:
    """So that two callers at a time do not wait for each other. Those without a key stay as they
    came: their ids tell the order."""
    return sorted(relays, key=lambda relay: (relay.gateway_id, relay.repeat_key or "", relay.pk))


def _known(relays: Iterable[Relay]) -> Known:
    keys = {relay.repeat_key for relay in relays if relay.repeat_key}
    found = Relay.objects.filter(
        gateway__in={relay.gateway_id for relay in relays},
        kind__in={relay.kind for relay in relays},
        repeat_key__in=keys,
    )
    rows = found.values_list("gateway_id", "repeat_key", "pk", "fingerprint")
    return {(gateway_id, key or ""): (pk, mark) for gateway_id, key, pk, mark in rows}


def _outcome(relay: Relay, known: Known) -> Outcome:
    if relay.repeat_key is None:
        return relay.pk
    pk, fingerprint = known.get((relay.gateway_id, relay.repeat_key), (relay.pk, ""))
    if fingerprint == relay.fingerprint:
        return pk
    text = "this id came before with another content"
    return Refusal(HTTPStatus.CONFLICT, "repeated", text, "id")
