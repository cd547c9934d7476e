"""Who may call the APIs for people: whoever is let into the back office."""

from typing import Any

from django.contrib import admin
from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class IsLetIn(BasePermission):
    """Staff who have passed every step of the log-in."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.user is not None and bool(admin.site.has_permission(request._request))
