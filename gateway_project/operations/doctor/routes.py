"""Whether each brand has a gateway for each channel that is in use."""

from collections.abc import Iterator, Sequence

from gateway_project.lib.vocabulary import Channel
from gateway_project.operations.doctor.findings import About, Finding
from gateways.models import Brand
from gateways.routing import route_preview
from gateways.values import GatewayValues, LabelValues

WHAT_TO_DO = "Add a gateway for this brand or for any, and look at the coverage of routes."
ANY_BRAND = "users without a brand"


def routes(about: About, label: LabelValues, brands: Sequence[Brand]) -> Iterator[Finding]:
    """One line for each channel with an active gateway."""
    if not label.gateways:
        yield about.problem(
            "Routes",
            "there is no active gateway: every request is refused with 4",
            "Add a gateway, and set it active.",
        )
    in_use = {gateway.channel for gateway in label.gateways}
    for channel in Channel:
        if channel in in_use:
            yield _route(about, channel, label.gateways, brands)


def _route(
    about: About, channel: Channel, gateways: Sequence[GatewayValues], brands: Sequence[Brand]
) -> Finding:
    name = f"Route for {channel.label}"
    fits = {
        brand_name: route_preview(gateways, channel=channel, brand_id=brand_id).fits
        for brand_name, brand_id in _each(brands)
    }
    without = [brand for brand, found in fits.items() if not found]
    if without:
        return about.problem(name, f"none for {', '.join(without)}", WHAT_TO_DO)
    filtered = [brand for brand, found in fits.items() if all(_filters(one) for one in found)]
    if filtered:
        return about.attention(
            name,
            f"only for users who match a filter: {', '.join(filtered)}",
            "Add a gateway without filters if all the others are to be reached, too.",
        )
    return about.good(name, "every brand has one")


def _each(brands: Sequence[Brand]) -> list[tuple[str, int | None]]:
    found: list[tuple[str, int | None]] = [(brand.name, brand.pk) for brand in brands]
    return found or [(ANY_BRAND, None)]


def _filters(gateway: GatewayValues) -> bool:
    return any(gateway.filters.values())
