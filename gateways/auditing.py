"""Writing down who did what. Values that are secret or personal are named, never repeated."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from gateway_project.lib.clock import database_now
from gateway_project.lib.crypto import Undecryptable, keyed_digest
from gateway_project.lib.personal import Personal
from gateways.models import Action, AuditEntry, Gateway, Label
from gateways.models.audit import REASON_LENGTH
from gateways.models.gateway import config_of
from gateways.models.label import NAME_LENGTH
from gateways.providers.registry import provider_class, secret_fields

CHANGED = "changed"
HIDDEN_COLUMNS = frozenset(
    {
        *("password", "digest", "token", "token_digest"),
        *("email", "first_name", "last_name"),
    }
)
"""Secret or personal, though the database holds them open."""
NOT_TOLD = frozenset({"last_login", "created_at", "last_used_at"})
"""Columns that nobody changes by hand."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A value of which only this much is known: whether it is the same as another."""

    digest: str


def record(
    actor: Any,
    action: Action,
    row: models.Model | type[models.Model],
    *,
    changes: Mapping[str, Any] | None = None,
    reason: str = "",
    label_id: int | None = None,
) -> AuditEntry:
    """Adds an audit entry about `row`, or about the rows of a model as a whole.

    `actor` is a Django user, or the name of a command.

    Belongs into the transaction of what it tells of.
    """
    is_person = not isinstance(actor, str)
    one = None if isinstance(row, type) else row
    return AuditEntry.objects.create(
        at=database_now(),
        actor_id=actor.pk if is_person else None,
        actor_name=actor_name(actor),
        action=action,
        label_id=label_id_of(one) if label_id is None and one else label_id,
        subject_type=row._meta.label_lower,
        subject_id=str(one.pk) if one else "",
        subject_name=str(one or row._meta.verbose_name_plural)[:NAME_LENGTH],
        reason=reason[:REASON_LENGTH],
        changes=_plain(changes or {}),
    )


def _plain(changes: Mapping[str, Any]) -> Any:
    """As every database gives it back. A fraction becomes its text: they write it differently."""
    text = json.dumps(changes, default=str)
    return json.loads(text, parse_float=str, parse_constant=str)


def actor_name(actor: Any) -> str:
    """Of a Django user, or of the command that acts."""
    name: str = actor if isinstance(actor, str) else actor.get_username()
    return name


def label_id_of(row: models.Model) -> int | None:
    """The label that a row belongs to; None where it belongs to none."""
    found: int | None = row.pk if isinstance(row, Label) else getattr(row, "label_id", None)
    return found


def values_of(row: models.Model) -> dict[str, Any]:
    """A row's columns as they may be told: what is sealed or secret is hidden."""
    told = {
        field.name: _shown(field, row)
        for field in row._meta.concrete_fields
        if not field.primary_key and field.name not in NOT_TOLD
    }
    if isinstance(row, Gateway):
        told.pop("config")
        told |= _config_values(row)
    return told


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What differs, by name: `[before, after]`, or "changed" for what is hidden."""
    found: dict[str, Any] = {}
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if old != new:
            is_hidden = isinstance(old, Hidden) or isinstance(new, Hidden)
            found[name] = CHANGED if is_hidden else [old, new]
    return found


def _shown(field: "models.Field[Any, Any]", row: models.Model) -> Any:
    value = field.value_from_object(row)
    if isinstance(value, Personal) or field.name in HIDDEN_COLUMNS:
        return _hidden(value)
    if field.is_relation and value is not None:
        return str(getattr(row, field.name, value))
    return value if isinstance(value, str | int | bool | list | dict | None) else str(value)


def _config_values(gateway: Gateway) -> dict[str, Any]:
    try:
        config = config_of(gateway)
    except Undecryptable:
        return {"config": _hidden(gateway.config)}
    try:
        secret = secret_fields(provider_class(gateway.provider))
    except LookupError:
        secret = set(config)
    return {
        f"config.{name}": _hidden(value) if name in secret else value
        for name, value in config.items()
    }


def _hidden(value: Any) -> Hidden:
    try:
        plain = value.reveal() if isinstance(value, Personal) else value
    except Undecryptable:
        plain = None
    return Hidden(keyed_digest(repr(plain), purpose="audit"))
