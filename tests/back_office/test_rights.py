"""Every URL of the back office, to every kind of person, as `rights.py` declares it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import models, transaction
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern
from django.utils import timezone

from callbacks.models import CallbackDelivery
from gateway_project.lib.identifiers import new_id
from gateway_project.lib.vocabulary import Channel
from gateways.auditing import record
from gateways.models import Action, Key
from messages_app.models import InboxEntry, Relay, RelayKind, Wait, WordMapping
from tests.back_office.people import Person, people, person_with
from tests.back_office.rights import TABLE, Outcome, Rights
from tests.factories import LabelFactory, TemplateFactory
from tests.messages_app.house import build_house
from users.imports.models import ImportRun
from users.models import ErasureProof, Lifting, MissingUser, Suppression

HIDDEN = "Hidden House"
"""Part of every name in the label that the operator of another label must not see."""
ALIKE = {
    (Outcome.REFUSED, Outcome.NO_SUCH_METHOD),
    (Outcome.REFUSED, Outcome.ABSENT),
    (Outcome.ABSENT, Outcome.REFUSED),
}
"""Found and declared: a page may look first at the right, the row or the method."""
PARAM = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
ROUTES = ("admin/", "^api/docs", "^api/schema")


def patterns(found: list[Any] | None = None, before: str = "") -> Iterator[tuple[str, str]]:
    """The line in the table (a route, else a name) and the route of every URL for people."""
    for pattern in get_resolver().url_patterns if found is None else found:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            if route.startswith(ROUTES):
                yield (route if route in TABLE else pattern.name or route), route
        else:
            yield from patterns(pattern.url_patterns, route)


def path_of(route: str, rights: Rights, house: dict[str, models.Model]) -> str:
    def fill(param: re.Match[str]) -> str:
        key = house[rights.row].pk if rights.row else "1"
        return str(rights.params.get(param[1] or param[2], key))

    return "/" + PARAM.sub(fill, route).replace("^", "").replace("/?$", "").rstrip("$")


def outcome(response: HttpResponseBase) -> Outcome | str:
    location = response.headers.get("Location", "")
    if location.startswith("/admin/login/"):
        return Outcome.LOG_IN
    named = {403: Outcome.REFUSED, 404: Outcome.ABSENT, 405: Outcome.NO_SUCH_METHOD}
    let_in = dict.fromkeys((200, 204, 302, 400), Outcome.LET_IN)
    return (named | let_in).get(response.status_code, str(response.status_code))


@pytest.fixture
def house(db: None) -> dict[str, models.Model]:
    """A row of every model in a label whose name is not to be seen from elsewhere."""
    house = build_house(name=HIDDEN, slug="hidden-house")
    house.brand.name = f"{HIDDEN} Brand"
    house.brand.save()
    for gateway in house.gateways.values():
        gateway.name = f"{HIDDEN} {gateway.channel}"
        gateway.save()
    now, message = timezone.now(), house.accepted(Channel.SMS)
    gateway = house.gateways[Channel.SMS]
    rows: list[models.Model] = [
        *(house.label, house.brand, house.user, gateway, message),
        *(Key.objects.get(), TemplateFactory(label=house.label, name=f"{HIDDEN} Template")),
        CallbackDelivery.objects.create(
            message_id=message.pk, label=house.label, created_at=now, due_at=now
        ),
        InboxEntry.objects.create(
            gateway=gateway,
            waits_for=Wait.A_MAPPING,
            word="Zugestellt",
            word_key="zugestellt",
            occurred_at=now,
            received_at=now,
        ),
        WordMapping.objects.create(
            label=house.label, gateway=gateway, provider=gateway.provider, word="gesehen"
        ),
        Relay.objects.create(
            label=house.label, gateway=gateway, kind=RelayKind.EVENT, due_at=now, created_at=now
        ),
        Suppression.objects.create(label=house.label, channel="sms", address_index="0" * 64),
        Lifting.objects.create(
            label=house.label,
            channel="sms",
            address_index="0" * 64,
            suppressed_at=now,
            lifted_at=now,
        ),
        MissingUser.objects.create(
            label=house.label, ext_user_id="gone", times=1, first_asked_at=now, last_asked_at=now
        ),
        ErasureProof.objects.create(
            label=house.label, user_digest="0" * 64, end_user_id=new_id(), erased_at=now
        ),
        ImportRun.objects.create(label=house.label, state="done", started_at=now, ended_at=now),
        record("apply_config", Action.CHANGED, house.label),
        person_with(name="colleague"),
        Group.objects.create(name="own role"),
    ]
    return {row._meta.label_lower: row for row in rows}


@pytest.fixture
def browsers(house: dict[str, models.Model]) -> dict[Person, Client]:
    return people(LabelFactory(name="Other House"))


def test_every_url_has_a_line_and_every_line_a_url():
    names = {name for name, _ in patterns()}
    assert names == set(TABLE)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("person", list(Person))
def test_every_url_is_to_everybody_as_declared(person, method, house, browsers):
    found, declared = {}, {}
    for name, route in patterns():
        if (rights := TABLE.get(name)) is None:
            continue  # the test above says so
        before, cookies = transaction.savepoint(), browsers[person].cookies.copy()
        path = path_of(route, rights, house)
        response = getattr(browsers[person], method)(path)
        found[route] = outcome(response)
        declared[route] = rights.expected(person, method)
        if (found[route], declared[route]) in ALIKE:
            found[route] = declared[route]
        if person is Person.ELSEWHERE and method == "get":
            assert HIDDEN not in response.content.decode(), route
        transaction.savepoint_rollback(before)
        browsers[person].cookies = cookies
    assert found == declared
