"""The platform's pages about its gateways: the fields of their contacts, and their accounts."""

from dataclasses import asdict
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from gateway_project.lib.http import HttpAnswer
from gateways.api.asking import adapters, ask_all
from gateways.api.platform.view import PlatformView, caller_of
from gateways.api.schema import describe_account, describe_fields
from gateways.providers.capabilities import DescribesFields, TellsAccount
from gateways.values import GatewayValues

FIELDS_KEPT_SECONDS = 300
ACCOUNT_KEPT_SECONDS = 30


class FieldsView(PlatformView):
    """GET the field catalogue of the label's gateways."""

    @describe_fields
    def get(self, request: Request) -> Response:
        asked = adapters(_gateways(request), DescribesFields)
        told = ask_all(
            asked,
            "fields",
            lambda provider: provider.fields_call(),
            _fields,
            kept_seconds=FIELDS_KEPT_SECONDS,
        )
        named = [_named(gateway) for gateway, _ in asked]
        return Response({"gateways": [one | two for one, two in zip(named, told, strict=True)]})


class AccountView(PlatformView):
    """GET whether the label's gateways' providers answer, and what they say is left."""

    @describe_account
    def get(self, request: Request) -> Response:
        asked = adapters(_gateways(request), TellsAccount)
        told = ask_all(
            asked,
            "account",
            lambda provider: provider.account_call(),
            lambda provider, answer: provider.account(answer),
            kept_seconds=ACCOUNT_KEPT_SECONDS,
        )
        named = [_named(gateway) | {"is_paused": gateway.is_paused} for gateway, _ in asked]
        return Response({"gateways": [one | two for one, two in zip(named, told, strict=True)]})


def _gateways(request: Request) -> list[GatewayValues]:
    """Those of the caller's label; where the key is bound to a brand, its own and everybody's."""
    caller = caller_of(request)
    brands = (None, caller.brand_id)
    return [
        each for each in caller.label.gateways if caller.brand_id is None or each.brand_id in brands
    ]


def _named(gateway: GatewayValues) -> dict[str, Any]:
    return {"gateway": gateway.slug, "provider": gateway.provider}


def _fields(provider: DescribesFields, answer: HttpAnswer) -> list[dict[str, Any]]:
    return [asdict(field) for field in provider.fields(answer)]
