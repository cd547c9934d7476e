"""Where statuses come in. Every path with and without a trailing slash, never by a redirect."""

from django.urls import re_path

from callbacks.api.links import clicked, opened, unsubscribe
from callbacks.api.status import gateway_status, status
from callbacks.api.webhooks import webhook

WEBHOOK = r"callbacks/webhooks/(?P<token>[^/]+)/?$"

urlpatterns = [
    re_path(f"^{WEBHOOK}", webhook, name="webhook"),
    re_path(r"^callbacks/status/?$", status, name="status"),
    re_path(r"^callbacks/status/(?P<token>[^/]+)/?$", gateway_status, name="gateway-status"),
    re_path(r"^callbacks/opened/(?P<token>[^/]+)/?$", opened, name="opened"),
    re_path(r"^callbacks/clicked/(?P<token>[^/]+)/?$", clicked, name="clicked"),
    re_path(r"^callbacks/unsubscribe/(?P<token>[^/]+)/?$", unsubscribe, name="unsubscribe"),
]
