"""Every page of the back office, read from its URLs. A new one is opened without being listed."""

import re
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import URLPattern

from gateways.models import Gateway

PARAMETER = re.compile(r"<(?:\w+:)?(?P<name>\w+)>|\(\?P<\w+>[^)]*\)")
NO_PAGES = {r"(?P<url>.*)$", "search/"}
"""What catches all that is not found, and the theme's own search, which is switched off."""


STEPS = ("conditions", "access", "from", "confirm")
FOR_DRAFTS = ("/wizard/", "/discard/")


def routes() -> list[str]:
    """All URL patterns below /admin/, pages or not; each step of the wizard is one."""
    found = set(_routes(admin.site.urls[0])) - NO_PAGES
    return sorted({route.replace("<slug:step>", step) for route in found for step in STEPS})


def paths(client: Client) -> dict[str, str]:
    """Where each page is that can be opened now: by its route, with the ids of present rows."""
    found = {route: path for route in routes() if (path := _path(route))}
    return {route: path for route, path in found.items() if _is_page(client, path)}


def _routes(patterns: Any) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield str(pattern.pattern)
        else:
            yield from (f"{pattern.pattern}{inner}" for inner in _routes(pattern.url_patterns))


def _path(route: str) -> str | None:
    """The route with its parameters filled in; None where there is no row yet to name."""
    values = [_value(route, match["name"]) for match in PARAMETER.finditer(route)]
    if None in values:
        return None
    rest = iter(values)
    return "/admin/" + PARAMETER.sub(lambda _: str(next(rest)), route).strip("^$")


def _value(route: str, parameter: str | None) -> object:
    """The id of a row: of the model that the parameter names, else of the one the page is about."""
    if parameter is None:  # of a regular expression
        return "gateways"
    models_by_name = {model._meta.model_name: model for model in admin.site._registry}
    model = models_by_name.get(parameter.removesuffix("_id")) or _model_of(route)
    rows = model._default_manager.order_by("-pk")
    if model is Gateway:
        rows = rows.filter(is_draft=any(part in route for part in FOR_DRAFTS))
    row = rows.first()
    return None if row is None else row.pk


def _model_of(route: str) -> type[models.Model]:
    for model in admin.site._registry:
        if route.startswith(f"{model._meta.app_label}/{model._meta.model_name}/"):
            return model
    raise LookupError(f"which row does {route} name?")


def _is_page(client: Client, path: str) -> bool:
    """No fragment, no file, nothing that leads elsewhere, asks for a POST, or is refused to all."""
    answer = client.get(path)
    if answer.status_code in (302, 403, 405):
        return False
    is_html = answer["Content-Type"].startswith("text/html")
    return answer.status_code != 200 or (is_html and b"<html" in answer.content)
