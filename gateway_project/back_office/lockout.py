"""Who has failed to log in, as it is written down, and what is answered who did so too often."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.storable import storable

TOO_MANY_REQUESTS = 429


def who_tries(request: HttpRequest | None, credentials: Mapping[str, Any] | None) -> str:
    """The user name that was typed, where it is one. Anything else that somebody types there, an
    address or a password, is written down as a digest, which is counted as well.
    """
    people = get_user_model()._default_manager
    told = credentials or (request.POST if request else {})
    typed = storable(str(told.get(people.model.USERNAME_FIELD) or ""))
    is_name = people.filter(username=typed).exists()
    return typed if is_name else keyed_digest(typed, purpose="log-in")


def answer(request: HttpRequest, *_: Any) -> HttpResponse:
    """A page that says when to come back, and nothing about who exists."""
    context = {**admin.site.each_context(request), "title": "Too many tries"}
    return render(request, "admin/locked_out.html", context, status=TOO_MANY_REQUESTS)
