"""`/callbacks/status`: Smartico's own reporting protocol, answered as Smartico answers it.

The middleware for protocol paths calls these views and turns Refused into the protocol's answers.
"""

import hmac

from django.http import HttpRequest, HttpResponse

from callbacks.receiving import NotNow, gateway_of_token, receive_for_gateway, receive_for_label
from callbacks.status_reports import read_report
from gateway_project.lib.protocol import ErrorCode, Refused, accepted
from gateway_project.lib.vocabulary import CALLBACK_TYPES, KeyKind
from gateways import configuration
from gateways.allowances import keep_within
from gateways.callers import live_key, note_use
from gateways.contacts import Met, note
from gateways.values import GatewayValues


def status(request: HttpRequest) -> HttpResponse:
    """The caller is known by `api_key`, one of a label's status keys."""
    _check_method(request)
    key = live_key(_api_key(request), KeyKind.STATUS)
    if key is None:
        raise Refused(ErrorCode.NOT_AUTHORISED)
    note_use(key)
    keep_within(key)
    receive_for_label(key, read_report(request.GET))
    return accepted()


def gateway_status(request: HttpRequest, token: str) -> HttpResponse:
    """The caller is known by the token; an `api_key` that is given must be right as well."""
    _check_method(request)
    gateway = gateway_of_token(token)
    if gateway is None or not _may_carry(gateway, _api_key(request)):
        raise Refused(ErrorCode.NOT_AUTHORISED)
    note(gateway.id, Met.WEBHOOK)
    report = read_report(request.GET, type=CALLBACK_TYPES[gateway.channel])
    try:
        receive_for_gateway(gateway, report)
    except NotNow:
        raise Refused(ErrorCode.UNAVAILABLE) from None
    return accepted()


def _check_method(request: HttpRequest) -> None:
    if request.method != "GET":
        raise Refused(ErrorCode.NO_SUCH_CALL, "No such method: statuses are reported by GET")


def _api_key(request: HttpRequest) -> str:
    """The one in the query; "" where there is none."""
    return "\n".join(request.GET.getlist("api_key"))


def _may_carry(gateway: GatewayValues, api_key: str) -> bool:
    """None, a status key of the label, or what Smartico had the notification centre report with."""
    if not api_key:
        return True
    key = live_key(api_key, KeyKind.STATUS)
    if key is not None:
        return key.label_id == gateway.label_id
    smarticos = configuration.current().labels[gateway.label_id].callback_api_key
    return smarticos is not None and hmac.compare_digest(
        smarticos.reveal().encode(), api_key.encode(errors="replace")
    )
