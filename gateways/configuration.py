"""The configuration as plain values: what every request and every drain reads.

A process keeps one snapshot and looks at most every half second whether the version number in the
database has moved on; a change made in this process is seen at once.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel, KeyKind
from gateways.models import (
    Brand,
    ConfigurationVersion,
    Gateway,
    Key,
    Label,
    Template,
    TemplateField,
)
from gateways.signals import configuration_changed

LOOK_EVERY_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandValues:
    id: int
    slug: str
    is_paused: bool
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldValues:
    name: str
    type: str
    required: bool
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateValues:
    id: int
    slug: str
    fields: tuple[FieldValues, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayValues:
    """One gateway. `config` and `token` open only where they are used."""

    id: int
    label_id: int
    slug: str
    name: str
    channel: Channel
    provider: str
    brand_id: int | None
    filters: Mapping[str, tuple[str, ...]]
    from_default: str
    from_allowed: tuple[str, ...]
    unknown_sender: str
    rate_per_second: int | None
    expires_after: int | None
    on_unknown: str
    is_active: bool
    is_paused: bool
    config: Personal | None = field(repr=False)
    token: Personal = field(repr=False)
    token_digest: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyValues:
    id: int
    label_id: int
    brand_id: int | None
    kind: KeyKind
    expires_at: datetime | None
    digest: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelValues:
    id: int
    slug: str
    allowed_ips: tuple[str, ...]
    callback_url: Personal | None = field(repr=False)
    callback_api_key: Personal | None = field(repr=False)
    callback_hosts: tuple[str, ...]
    callback_statuses: frozenset[str]
    callbacks_suspended: bool
    preview_domains: tuple[str, ...]
    filter_properties: tuple[str, ...]
    extension_policy: str
    user_ids: Mapping[str, Any]
    required_headers: Personal | None = field(repr=False)
    is_paused: bool
    brands: Mapping[int, BrandValues]
    templates: Mapping[str, TemplateValues]
    gateways: tuple[GatewayValues, ...]
    """Active ones only, by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    version: int
    labels: Mapping[int, LabelValues]
    keys: Mapping[tuple[KeyKind, str], KeyValues] = field(repr=False)
    gateways: Mapping[int, GatewayValues]
    """All of them, inactive ones too: their messages still have reports to come."""
    gateway_ids_by_token: Mapping[str, int] = field(repr=False)


class _Snapshot:
    """The kept configuration of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.kept: Configuration | None = None
        self.looked_at = 0.0

    def current(self) -> Configuration:
        kept = self.kept
        if kept is not None and time.monotonic() - self.looked_at < LOOK_EVERY_SECONDS:
            return kept
        with self.lock:
            version = ConfigurationVersion.read()
            if self.kept is None or self.kept.version != version:
                self.kept = load(version)
            self.looked_at = time.monotonic()
            return self.kept

    def forget(self, **_: Any) -> None:
        """Now, for the rest of this transaction, and again once others can see the change."""
        self.kept = None
        transaction.on_commit(self.forget_now)

    def forget_now(self) -> None:
        self.kept = None


_snapshot = _Snapshot()
current = _snapshot.current
forget = _snapshot.forget
forget_now = _snapshot.forget_now
configuration_changed.connect(forget)


def load(version: int) -> Configuration:
    """Reads the whole configuration: a handful of statements, whatever its size."""
    gateways = {row.pk: gateway_values(row) for row in Gateway.objects.order_by("pk")}
    brands = _by_label(Brand.objects.all(), _brand_values)
    templates = _templates()
    labels = {
        row.pk: _label_values(
            row,
            brands={brand.id: brand for brand in brands.get(row.pk, ())},
            templates=templates.get(row.pk, {}),
            gateways=tuple(
                gateway
                for gateway in gateways.values()
                if gateway.label_id == row.pk and gateway.is_active
            ),
        )
        for row in Label.objects.all()
    }
    return Configuration(
        version=version,
        labels=labels,
        keys={
            (KeyKind(row.kind), row.digest): _key_values(row)
            for row in Key.objects.filter(revoked_at__isnull=True)
        },
        gateways=gateways,
        gateway_ids_by_token={gateway.token_digest: gateway.id for gateway in gateways.values()},
    )


def gateway_values(row: Gateway) -> GatewayValues:
    """One gateway's row as values."""
    return GatewayValues(
        id=row.pk,
        label_id=row.label_id,
        slug=row.slug,
        name=row.name,
        channel=Channel(row.channel),
        provider=row.provider,
        brand_id=row.brand_id,
        filters={name: tuple(values) for name, values in row.filters.items()},
        from_default=row.from_default,
        from_allowed=tuple(row.from_allowed),
        unknown_sender=row.unknown_sender,
        rate_per_second=row.rate_per_second,
        expires_after=row.expires_after,
        on_unknown=row.on_unknown,
        is_active=row.is_active,
        is_paused=row.is_paused,
        config=row.config,
        token=row.token,
        token_digest=row.token_digest,
    )


def _label_values(row: Label, **parts: Any) -> LabelValues:
    return LabelValues(
        id=row.pk,
        slug=row.slug,
        allowed_ips=tuple(row.allowed_ips),
        callback_url=row.callback_url,
        callback_api_key=row.callback_api_key,
        callback_hosts=tuple(row.callback_hosts),
        callback_statuses=frozenset(row.callback_statuses),
        callbacks_suspended=row.callbacks_suspended_at is not None,
        preview_domains=tuple(row.preview_domains),
        filter_properties=tuple(row.filter_properties),
        extension_policy=row.extension_policy,
        user_ids=row.user_ids,
        required_headers=row.required_headers,
        is_paused=row.is_paused,
        **parts,
    )


def _brand_values(row: Brand) -> BrandValues:
    return BrandValues(id=row.pk, slug=row.slug, is_paused=row.is_paused, is_active=row.is_active)


def _key_values(row: Key) -> KeyValues:
    return KeyValues(
        id=row.pk,
        label_id=row.label_id,
        brand_id=row.brand_id,
        kind=KeyKind(row.kind),
        expires_at=row.expires_at,
        digest=row.digest,
    )


def _templates() -> dict[int, dict[str, TemplateValues]]:
    fields: dict[int, list[FieldValues]] = {}
    for row in TemplateField.objects.order_by("position", "pk"):
        fields.setdefault(row.template_id, []).append(
            FieldValues(
                name=row.name, type=row.type, required=row.required, choices=tuple(row.choices)
            )
        )
    templates: dict[int, dict[str, TemplateValues]] = {}
    for template in Template.objects.filter(is_active=True).order_by("pk"):
        templates.setdefault(template.label_id, {})[template.slug] = TemplateValues(
            id=template.pk, slug=template.slug, fields=tuple(fields.get(template.pk, ()))
        )
    return templates


def _by_label(rows: Iterable[Any], values: Callable[[Any], Any]) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = {}
    for row in rows:
        grouped.setdefault(row.label_id, []).append(values(row))
    return grouped
