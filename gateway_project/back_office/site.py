"""The back office: Django's admin with pages of the whole house beside those of its rows."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache

from gateway_project.lib.admin import AdminSite, LogInForm

LEFT_OUT = frozenset({"view_on_site"})
"""Rows have no page outside the back office; asked for one, Django would say which exist."""


class BackOffice(AdminSite):
    """The one admin site, at /admin/. Who has a second factor is let in with it only."""

    login_form = LogInForm

    def has_permission(self, request: HttpRequest) -> bool:
        from gateway_project.back_office.two_factor.standing import step_owed  # needs the models

        return bool(super().has_permission(request)) and step_owed(request.user) is None

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        return super().get_app_list(request, app_label) if self.has_permission(request) else []

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        from gateway_project.back_office.two_factor.standing import step_owed

        is_staff = request.user.is_active and request.user.is_staff
        step = step_owed(request.user) if is_staff else None
        if step and request.method == "GET":
            query = urlencode({"next": request.GET.get("next", "")})
            return redirect(f"{reverse(step)}?{query}")
        answer: HttpResponse = super().login(request, extra_context)
        return answer

    def leave(self, request: HttpRequest) -> HttpResponse:
        """Out, for everybody who has given a password, whatever they still have to pass."""
        if not request.user.is_authenticated:
            return redirect("admin:login")
        answer: HttpResponse = self.logout(request)
        return answer

    def get_urls(self) -> list[URLPattern]:
        return [url for url in super().get_urls() if getattr(url, "name", "") not in LEFT_OUT]

    def extra_urls(self) -> list[URLPattern]:
        from gateway_project.back_office.pages import PAGES  # they ask the site for its context
        from gateway_project.back_office.two_factor.page import TwoFactorPage
        from gateway_project.back_office.two_factor.step import TokenStep

        pages = [path(page.path, self.admin_view(page.as_view()), name=page.name) for page in PAGES]
        before_the_door = [
            # In the place of Django's own, which lets nobody out who is not in yet.
            path("logout/", never_cache(self.leave), name="logout"),
            path("two-factor/token/", never_cache(TokenStep.as_view()), name="two_factor_token"),
            path("two-factor/", never_cache(TwoFactorPage.as_view()), name="two_factor"),
        ]
        return [*before_the_door, *pages]
