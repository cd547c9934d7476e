"""What holds for every sealed column of every table: no ciphertext opens but in its own place."""

from itertools import permutations
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.fields import SealedJSONField, SealedTextField
from gateway_project.lib.identifiers import new_id
from gateways.models import Gateway, KeptAnswer, Label, TokenApp
from messages_app.models import InboxEntry, Message, Relay, RelayKind, SendAttempt, Wait
from tests.factories import (
    EndUserFactory,
    GatewayFactory,
    KeyFactory,
    LabelFactory,
    MessageFactory,
)
from users.imports.models import ImportPart, ImportRun
from users.models import EndUser

COLUMNS = [
    field
    for model in apps.get_models()
    for field in model._meta.concrete_fields
    if isinstance(field, SealedTextField)
]


def attempt(**values: Any) -> SendAttempt:
    now = timezone.now()
    return SendAttempt.objects.create(
        **values,
        gateway=values["message"].gateway,
        number=1,
        outcome="accepted",
        rendered_as=new_id(),
        started_at=now,
        finished_at=now,
    )


def two_attempts(**values: Any) -> list[SendAttempt]:
    """Two tries of one message, as alike as two rows can be."""
    message = MessageFactory()
    return [attempt(message=message, **values) for _ in range(2)]


def two_entries(**values: Any) -> list[InboxEntry]:
    """The same report at two gateways."""
    now = timezone.now()
    alike = {"waits_for": Wait.A_READER, "meaning": "0" * 64, "occurred_at": now}
    return [
        InboxEntry.objects.create(gateway=GatewayFactory(), received_at=now, **alike, **values)
        for _ in range(2)
    ]


def two_relays(**values: Any) -> list[Relay]:
    gateway, now = GatewayFactory(), timezone.now()
    alike = {"gateway": gateway, "label": gateway.label, "kind": RelayKind.EVENT}
    return [Relay.objects.create(due_at=now, created_at=now, **alike, **values) for _ in range(2)]


def two_token_apps(**values: Any) -> list[TokenApp]:
    """An old telephone and a new one."""
    person = User.objects.create_user("mia")
    return [TokenApp.objects.create(user=person, **values) for _ in range(2)]


def two_parts(**values: Any) -> list[ImportPart]:
    """The same bytes twice in one file."""
    run = ImportRun.objects.create(label=LabelFactory(), format="csv", started_at=timezone.now())
    return [ImportPart.objects.create(run=run, number=n, **values) for n in range(2)]


def two_answers(**values: Any) -> list[KeptAnswer]:
    """Of one key."""
    key, now = KeyFactory(), timezone.now()
    return [
        KeptAnswer.objects.create(
            key=key,
            name_digest=str(number),
            request_digest="0" * 64,
            lease_until=now,
            created_at=now,
            **values,
        )
        for number in range(2)
    ]


TWO_ROWS = {
    Label: lambda **values: [LabelFactory(**values), LabelFactory(**values)],
    Gateway: lambda **values: [GatewayFactory(**values), GatewayFactory(**values)],
    EndUser: lambda **values: [EndUserFactory(**values), EndUserFactory(**values)],
    Message: lambda **values: [MessageFactory(**values), MessageFactory(**values)],
    SendAttempt: two_attempts,
    InboxEntry: two_entries,
    Relay: two_relays,
    TokenApp: two_token_apps,
    ImportPart: two_parts,
    KeptAnswer: two_answers,
}


def plain_value(field: SealedTextField) -> Any:
    """The same in every column of a kind, so that nothing but the place tells them apart."""
    return {"same": "value"} if isinstance(field, SealedJSONField) else "same value"


def place(row: models.Model, field: SealedTextField) -> Any:
    """The row again, as the database holds it."""
    return getattr(type(row)._base_manager.get(pk=row.pk), field.attname)


@pytest.mark.django_db
def test_a_ciphertext_opens_in_its_own_row_column_and_table_and_nowhere_else():
    rows = []
    for model, two in TWO_ROWS.items():
        own = [field for field in COLUMNS if field.model is model]
        rows += [(row, own) for row in two(**{field.name: plain_value(field) for field in own})]
    places = [(row, field) for row, own in rows for field in own]
    values = {(row, field): place(row, field).ciphertext for row, field in places}
    for row, field in places:
        assert field.open(values[row, field], field.row_of(row))
    for (row, field), (other, other_field) in permutations(places, 2):
        with pytest.raises(Undecryptable):
            field.open(values[other, other_field], field.row_of(row))


def test_every_model_with_a_sealed_column_is_tried():
    assert {field.model for field in COLUMNS} == set(TWO_ROWS)


@pytest.mark.parametrize("field", COLUMNS, ids=str)
def test_what_a_column_is_bound_to_tells_its_row_from_all_others(field):
    names = {bound.name for bound in field.binding}
    unique = [{bound.name} for bound in field.binding if bound.unique]
    unique += [
        set(constraint.fields)
        for constraint in field.model._meta.total_unique_constraints
        if constraint.fields
    ]
    unique += [
        set(constraint.fields)
        for constraint in field.model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint)
        and constraint.condition == models.Q(**{f"{constraint.fields[0]}__isnull": False})
    ]
    assert any(names >= found for found in unique)
