"""The configuration as plain, frozen values: what is read of it anywhere but on its own pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel, KeyKind
from gateways.receipts import Receipts
from gateways.retention import Retention


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
class GuardValues:
    """What the blast guard of a gateway lets through: `times` what is usual in an hour, never less
    than `least` messages; of failures at least that share. None: they are not watched."""

    is_on: bool
    times: float
    least: int
    failure_share: float | None


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
    reply_to_default: str
    reply_to_allowed: tuple[str, ...]
    unknown_sender: str
    rate_per_second: int | None
    expires_after: int | None
    on_unknown: str
    is_draft: bool
    is_active: bool
    is_paused: bool
    is_at_fault: bool
    """Paused by the gateway itself, since the provider refused the account."""
    is_held_by_guard: bool
    """Paused by the gateway itself, since an hour went beyond what is usual."""
    guard: GuardValues
    config: Personal | None = field(repr=False)
    token: Personal = field(repr=False)
    token_digest: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyValues:
    id: int
    label_id: int
    brand_id: int | None
    kind: KeyKind
    rate_per_second: int | None
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
    callback_rate_per_second: int | None
    callbacks_suspended: bool
    preview_domains: tuple[str, ...]
    filter_properties: tuple[str, ...]
    extension_policy: str
    user_ids: Mapping[str, Any]
    report_machine_opens: bool
    suppress_on: frozenset[str]
    opt_out_webhook_url: Personal | None = field(repr=False)
    opt_out_webhook_secrets: Personal | None = field(repr=False)
    tells_smartico_opt_outs: bool
    smartico_events_url: Personal | None = field(repr=False)
    smartico_events_token: Personal | None = field(repr=False)
    opt_outs_suspended: frozenset[str]
    """The listeners who are told of no opt-out until a person has looked."""
    directory: Personal | None = field(repr=False)
    """The settings of the directory that is asked for users; None where they are stored here."""
    retention: Retention
    receipts: Receipts
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
    """All of them, inactive ones too: their messages still have reports to come. And drafts, whose
    webhook URL a provider probes while the wizard is open."""
    gateway_ids_by_token: Mapping[str, int] = field(repr=False)
