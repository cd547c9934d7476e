"""The configuration's rows become values."""

from collections.abc import Callable, Iterable
from typing import Any

from gateway_project.lib.vocabulary import Channel, KeyKind
from gateways.models import Brand, Gateway, Key, Label, Template, TemplateField
from gateways.receipts import receipts_of
from gateways.retention import retention_of
from gateways.values import (
    BrandValues,
    Configuration,
    FieldValues,
    GatewayValues,
    GuardValues,
    KeyValues,
    LabelValues,
    TemplateValues,
)


def load(version: int) -> Configuration:
    """Reads the whole configuration: a handful of statements, whatever its size."""
    gateways = {row.pk: _gateway_values(row) for row in Gateway.objects.order_by("pk")}
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


def _gateway_values(row: Gateway) -> GatewayValues:
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
        reply_to_default=row.reply_to_default,
        reply_to_allowed=tuple(row.reply_to_allowed),
        unknown_sender=row.unknown_sender,
        rate_per_second=row.rate_per_second,
        expires_after=row.expires_after,
        on_unknown=row.on_unknown,
        is_draft=row.is_draft,
        is_active=row.is_active,
        is_paused=row.is_paused,
        is_at_fault=row.is_paused and bool(row.paused_because) and not row.is_held_by_guard,
        is_held_by_guard=row.is_paused and row.is_held_by_guard,
        guard=GuardValues(
            is_on=row.guard_is_on,
            times=row.guard_times,
            least=row.guard_least,
            failure_share=row.guard_failure_share,
        ),
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
        callback_rate_per_second=row.callback_rate_per_second,
        callbacks_suspended=row.callbacks_suspended_at is not None,
        preview_domains=tuple(row.preview_domains),
        filter_properties=tuple(row.filter_properties),
        extension_policy=row.extension_policy,
        user_ids=row.user_ids,
        report_machine_opens=row.report_machine_opens,
        suppress_on=frozenset(row.suppress_on),
        opt_out_webhook_url=row.opt_out_webhook_url,
        opt_out_webhook_secrets=row.opt_out_webhook_secrets,
        tells_smartico_opt_outs=row.tells_smartico_opt_outs,
        smartico_events_url=row.smartico_events_url,
        smartico_events_token=row.smartico_events_token,
        opt_outs_suspended=frozenset(row.opt_outs_suspended),
        directory=row.directory,
        retention=retention_of(row.retention),
        receipts=receipts_of(row.receipts),
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
        rate_per_second=row.rate_per_second,
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
