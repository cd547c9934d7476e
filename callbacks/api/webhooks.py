"""`/callbacks/webhooks/<gateway token>`: where providers report to."""

import logging
from dataclasses import replace

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, UnreadablePostError

from callbacks.receiving import NotNow, answer_probe, gateway_of_token, is_report, receive
from gateway_project.lib.connections import NOT_READY
from gateway_project.lib.metrics import WEBHOOKS_REFUSED
from gateway_project.lib.protocol import ErrorCode, Refused
from gateway_project.lib.request_body import read_body
from gateways.contacts import Met, note
from gateways.providers.base import WebhookRefused, WebhookRequest
from gateways.values import GatewayValues

logger = logging.getLogger(__name__)

BODY_LIMIT = 5 * 1024 * 1024
"""Meta posts up to three megabytes, and Mandrill a thousand events, form-encoded. What reading so
much can cost is bounded by the number of values and reports in it."""
PROBES = ("GET", "HEAD")
BODY_REFUSALS = {ErrorCode.TOO_LARGE: 413, ErrorCode.NOT_JSON: 415}
TRY_AGAIN = (NotNow, *NOT_READY)


def webhook(request: HttpRequest, token: str) -> HttpResponse:
    """200 once everything in it is written down; 503 asks the provider to come again."""
    try:
        response = _answer(request, token)
    except WebhookRefused as refusal:
        response = _text(refusal.status, str(refusal))
    except Refused as refusal:
        response = _text(BODY_REFUSALS[refusal.code], refusal.text)
    except UnreadablePostError:
        response = _text(400, "the body was not received")
    except TooManyFieldsSent:
        response = _text(400, "too many parameters")
    except TRY_AGAIN as trouble:
        logger.error("a webhook has to come again: %s", type(trouble).__name__)
        response = _text(503, "try again")
    # Django would log the path of every refusal, and the token is in it.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    gateway = gateway_of_token(token)
    if gateway is None:
        return _text(404, "there is no such webhook")
    asked = _webhook_request(request)
    if request.method == "GET" and is_report(gateway, asked):
        return _receive(gateway, asked)
    if request.method in PROBES:
        probe = answer_probe(gateway, asked)
        note(gateway.id, Met.PROBE)
        body = "" if request.method == "HEAD" else probe.body
        return HttpResponse(body, status=probe.status, content_type=probe.content_type)
    if request.method == "POST":
        return _receive(gateway, replace(asked, body=read_body(request, limit=_body_limit())))
    return HttpResponse(status=405, headers={"Allow": "GET, HEAD, POST"})


def _body_limit() -> int:
    """What is over the house's own limit was not received."""
    return min(BODY_LIMIT, settings.BODY_LIMIT)


def _receive(gateway: GatewayValues, told: WebhookRequest) -> HttpResponse:
    try:
        answer = receive(gateway, told)
    except WebhookRefused:
        logger.warning("gateway %s: a webhook's sender did not prove itself", gateway.slug)
        WEBHOOKS_REFUSED.labels(gateway.provider).inc()
        note(gateway.id, Met.REFUSAL)
        raise
    note(gateway.id, Met.WEBHOOK)
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)


def _webhook_request(request: HttpRequest) -> WebhookRequest:
    """What is called, without its body."""
    return WebhookRequest(
        method=request.method or "",
        url=settings.PUBLIC_URL + request.get_full_path(),
        headers={name.lower(): value for name, value in request.headers.items()},
        query=request.GET.dict(),
    )


def _text(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
