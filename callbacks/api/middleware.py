"""Providers' webhooks stand apart from the pages: no session, form or lock-out is any of theirs.

Each of those layers costs a machine's request more than reading it does.
"""

import re
from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse

from callbacks.api.webhooks import webhook
from callbacks.urls import WEBHOOK
from gateway_project.lib.content_policy import STRICT_POLICY

PATH = re.compile(f"/{WEBHOOK}")
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": STRICT_POLICY,
    "X-Content-Type-Options": "nosniff",
}
"""A provider's challenge is echoed: a browser that is brought here is to make nothing of it."""


class WebhooksMiddleware:
    """Answers webhooks itself, under the house's own names only, and hands on everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        called = PATH.match(request.path_info)
        if called is None:
            return self.get_response(request)
        request.get_host()  # raises DisallowedHost, which Django refuses
        response = webhook(request, called["token"])
        response.headers["Content-Length"] = str(len(response.content))
        for name, value in HEADERS.items():
            response.headers[name] = value
        return response
