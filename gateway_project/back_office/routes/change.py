"""The change of a gateway as its form has it, before it is saved."""

from collections.abc import Collection
from dataclasses import replace

from django.forms import ValidationError
from django.http import QueryDict

from gateway_project.back_office.routes.explaining import property_names
from gateways.admin.fields import LinesField
from gateways.admin.screens import FILTER
from gateways.config_file.fields import ScalarField
from gateways.values import GatewayValues, LabelValues


def changed_gateway(gateway: GatewayValues, label: LabelValues, posted: QueryDict) -> GatewayValues:
    """The gateway as the form would leave it; a draft as it would be once it is active.

    A filter that the form does not have stays as it is. Raises ValidationError.
    """
    return replace(
        gateway,
        brand_id=_brand_id(label, posted.get("brand", "")),
        filters={**gateway.filters, **_filters(gateway, label, posted)},
        is_active=gateway.is_draft or "is_active" in posted,
    )


def label_with(label: LabelValues, gateway: GatewayValues) -> tuple[GatewayValues, ...]:
    """The label's active gateways if this one were as it is given."""
    others = tuple(row for row in label.gateways if row.id != gateway.id)
    return (*others, gateway) if gateway.is_active else others


def _brand_id(label: LabelValues, typed: str) -> int | None:
    by_id = {str(brand_id): brand_id for brand_id in label.brands}
    if typed and typed not in by_id:
        raise ValidationError("Choose a brand of this label.")
    return by_id.get(typed)


def _filters(
    gateway: GatewayValues, label: LabelValues, posted: QueryDict
) -> dict[str, tuple[str, ...]]:
    names: Collection[str] = dict.fromkeys([*property_names(label), *gateway.filters])
    lines = LinesField(ScalarField())
    return {
        name: tuple(lines.clean(posted[FILTER + name])) for name in names if FILTER + name in posted
    }
