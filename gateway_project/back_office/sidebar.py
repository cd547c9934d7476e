"""What stands at the left: Smartico's own order."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import reverse

Item = dict[str, Any]


def navigation(request: HttpRequest) -> list[Item]:
    """The groups of which this person may open something, with the links to that."""
    groups = [
        {**group, "items": [item for item in group["items"] if item["permission"](request)]}
        for group in _groups()
    ]
    return [group for group in groups if group["items"]]


def _groups() -> list[Item]:
    return [
        {
            "title": "Label",
            "items": [
                _rows("Settings", "tune", "gateways.label"),
                _rows("Keys", "key", "gateways.key"),
                _rows("Brands", "sell", "gateways.brand"),
            ],
        },
        {
            "title": "Gateways",
            "items": [
                _rows("Mail Gateways", "mail", "gateways.gateway", "mail"),
                _rows("Instant Messages", "chat", "gateways.gateway", "im"),
                _rows("Custom IM templates", "dashboard_customize", "gateways.template"),
                _page("Routes", "alt_route", "routes"),
            ],
        },
        {
            "title": "Messages",
            "items": [
                _rows("End users", "group", "users.enduser"),
                _rows("Imports", "upload_file", "users.importrun"),
                _rows("Missing users", "person_off", "users.missinguser"),
                _rows("Messages", "outgoing_mail", "messages_app.message"),
                _rows("Callbacks", "phone_callback", "callbacks.callbackdelivery"),
                _page("Reconciliation", "balance", "reconciliation"),
                _rows("Suppressions", "do_not_disturb_on", "users.suppression"),
                _rows("Lifted", "do_not_disturb_off", "users.lifting"),
                _rows("Erasures", "person_remove", "users.erasureproof"),
                _rows("Status inbox", "inbox", "messages_app.inboxentry"),
                _rows("Status words", "translate", "messages_app.wordmapping"),
                _rows("Relays", "sync_alt", "messages_app.relay"),
            ],
        },
        {
            "title": "Health",
            "items": [
                _page("Health", "ecg_heart", "health"),
                _page("Be Smartico", "theater_comedy", "be_smartico"),
            ],
        },
        {
            "title": "House",
            "items": [
                _rows("People", "badge", "auth.user"),
                _rows("Roles", "shield_person", "auth.group"),
                _rows("Audit", "history", "gateways.auditentry"),
            ],
        },
    ]


def _rows(title: str, icon: str, model: str, kind: str = "") -> Item:
    """A link to the list of a model's rows, those of one kind if there are kinds."""
    app, name = model.split(".")
    path = reverse(f"admin:{app}_{name}_changelist")
    return {
        "title": title,
        "icon": icon,
        "link": f"{path}?kind={kind}" if kind else path,
        "active": _is_open(path, kind),
        "permission": _may_see(apps.get_model(app, name)),
    }


def _page(title: str, icon: str, name: str) -> Item:
    """A link to a page of the whole house."""
    from gateway_project.back_office.pages import PAGES  # they ask the site for its context

    page = next(page for page in PAGES if page.name == name)
    path = reverse(f"admin:{name}")
    return {
        "title": title,
        "icon": icon,
        "link": path,
        "active": lambda request: request.path.startswith(path),
        "permission": lambda request: page.may_open(request.user),
    }


def _is_open(path: str, kind: str) -> Callable[[HttpRequest], bool]:
    """The kind is in the list's address; the pages of one row leave it on the request."""
    return lambda request: (
        request.path.startswith(path)
        and (getattr(request, "kind", "") or request.GET.get("kind", "")) == kind
    )


def _may_see(model: type[models.Model]) -> Callable[[HttpRequest], bool]:
    """By the page of its rows, which may ask for more than a permission."""
    return lambda request: bool(admin.site._registry[model].has_view_permission(request))
