"""What is answered to whoever has failed to log in too often."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

TOO_MANY_REQUESTS = 429


def answer(request: HttpRequest, *_: Any) -> HttpResponse:
    """A page that says when to come back, and nothing about who exists."""
    context = {**admin.site.each_context(request), "title": "Too many tries"}
    return render(request, "admin/locked_out.html", context, status=TOO_MANY_REQUESTS)
