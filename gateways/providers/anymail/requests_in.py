"""A webhook as django-anymail's views take it: a request of Django, one event at a time."""

import json
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.core.handlers.wsgi import WSGIRequest

from gateways.providers.base import WebhookRequest
from gateways.providers.values import items

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
MANDRILL = "mandrill_events"
BATCHES = ("events", "events_by_user")
"""The members in which a service sends several events."""
MOST_EVENTS, MOST_BYTES = 10_000, 16 * 1024 * 1024
"""In one webhook: what stands around the events of a batch is read anew for each of them."""
MOST_FIELDS = 1_000


def django_request(request: WebhookRequest) -> WSGIRequest:
    """The same request, raw body and all. Names and addresses in it are not looked at."""
    url = urlsplit(request.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": url.path,
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname or "",
        "SERVER_PORT": str(url.port or 443),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": BytesIO(request.body),
        "CONTENT_LENGTH": str(len(request.body)),
        "CONTENT_TYPE": request.headers.get("content-type", ""),
    }
    for name, value in request.headers.items():
        if name not in ("content-type", "content-length"):
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    return WSGIRequest(environ)


def singly(request: WebhookRequest, is_listed: bool) -> list[WebhookRequest]:
    """The request, once for each event in it: one that is broken hides no other.

    `is_listed`: the service sends its events in a list, even a single one.
    Raises ValueError where the body cannot be read.
    """
    found: list[WebhookRequest] = []
    length = 0
    for each in _singly(request, is_listed):
        found.append(each)
        length += len(each.body)
        if len(found) > MOST_EVENTS or length > MOST_BYTES:
            raise ValueError("there are too many events in it")
    return found


def _singly(request: WebhookRequest, is_listed: bool) -> Iterator[WebhookRequest]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == FORM:
        yield from _of_form(request)
        return
    if kind == MULTIPART:
        yield request
        return
    for item in items(request):
        for each in _events(item):
            yield replace(request, body=json.dumps([each] if is_listed else each).encode())


def _of_form(request: WebhookRequest) -> Iterator[WebhookRequest]:
    text = request.body.decode("utf-8", "replace")
    form = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    if MANDRILL not in form:
        yield request
        return
    for event in items(replace(request, body=form[MANDRILL].encode())):
        body = urlencode({MANDRILL: json.dumps([event])}).encode()
        yield replace(request, body=body)


def _events(item: object) -> Iterator[object]:
    """What one body tells of: each member of its batch, still wrapped as it came."""
    if isinstance(item, dict):
        for name in BATCHES:
            if isinstance(item.get(name), list):
                yield from (item | {name: [each]} for each in _users(item[name]))
                return
    yield item


def _users(batch: list[Any]) -> Iterator[object]:
    """Unisender Go packs its events twice."""
    for each in batch:
        if isinstance(each, dict) and isinstance(each.get("events"), list):
            yield from (each | {"events": [event]} for event in each["events"])
        else:
            yield each
