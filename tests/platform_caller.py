"""The platform's back end, as it calls the platform API."""

import json
from typing import Any

from django.test import Client

from gateway_project.lib.vocabulary import KeyKind
from tests.factories import KeyFactory

PLATFORM_SECRET = "the-secret-of-the-platform"
BRAND_SECRET = "the-secret-of-one-brand"


def platform_key(label, brand=None, secret=None):
    """A key of the whole label, or of one of its brands."""
    secret = secret or (BRAND_SECRET if brand else PLATFORM_SECRET)
    return KeyFactory(label=label, brand=brand, kind=KeyKind.PLATFORM, secret=secret)


def call(method: str, path: str, body: Any = None, *, key: str = PLATFORM_SECRET, **extra: Any):
    """`body` goes as JSON, unless it is text or bytes already. `headers` are added to the key's."""
    headers = {**({"Authorization": key} if key else {}), **extra.pop("headers", {})}
    given = {}
    if body is not None:
        given["data"] = body if isinstance(body, str | bytes) else json.dumps(body)
        given["content_type"] = extra.pop("content_type", "application/json")
    return getattr(Client(), method)(path, headers=headers, **given, **extra)


def post(path: str, body: Any, **extra: Any):
    return call("post", path, body, **extra)


def get(path: str, parameters: dict[str, Any] | None = None, **extra: Any):
    return call("get", path, query_params=parameters or {}, **extra)


def error(response) -> tuple[int, str, str]:
    """The status, the code and the field of a refusal."""
    told = response.json()["error"]
    assert told["message"]
    return response.status_code, told["code"], told.get("field", "")


def outcomes(response) -> list[str]:
    """By item its outcome, or the code of its error."""
    assert response.status_code == 200, response.content
    results = response.json()["results"]
    return [each.get("outcome") or each["error"]["code"] for each in results]
