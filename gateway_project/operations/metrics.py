"""`/metrics`, for Prometheus: what all processes of this machine have counted, and how the house
stands at this moment."""

import hmac
import ipaddress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from gateway_project.lib.shared_counts import Counts
from gateway_project.operations.gauges import Gauges
from gateways.callers import client_address

REGISTRY = CollectorRegistry(auto_describe=False)
REGISTRY.register(Counts())
REGISTRY.register(Gauges())


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The text format. 403 for strangers: how busy a house is, is nobody else's business."""
    if not (has_the_token(request) or calls_from_inside(request)):
        return HttpResponseForbidden("Closed: see METRICS_TOKEN and METRICS_ALLOW.\n", "text/plain")
    return HttpResponse(generate_latest(REGISTRY), CONTENT_TYPE_PLAIN_0_0_4)


def has_the_token(request: HttpRequest) -> bool:
    """Compared in constant time, on bytes; without a token nobody has it."""
    given = request.META.get("HTTP_AUTHORIZATION", "").encode("utf-8", "surrogateescape")
    token = settings.METRICS_TOKEN.encode()
    return bool(token) and hmac.compare_digest(given.removeprefix(b"Bearer "), token)


def calls_from_inside(request: HttpRequest) -> bool:
    """Whether the caller's address is on the list. Behind a proxy that nobody has told us of, all
    callers would seem to be the proxy."""
    if not settings.TRUSTED_PROXIES and "HTTP_X_FORWARDED_FOR" in request.META:
        return False
    address = client_address(request.META, settings.TRUSTED_PROXIES)
    networks = (ipaddress.ip_network(text, strict=False) for text in settings.METRICS_ALLOW)
    return address is not None and any(address in network for network in networks)
