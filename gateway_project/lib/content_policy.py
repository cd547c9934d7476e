"""What a browser may do with our pages."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

PAGES: Final = ("/admin", "/api/docs")
PAGE_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        # The theme (Unfold) ships Alpine's usual build, which makes functions of the expressions
        # in its templates' attributes (x-data, x-show, x-on), and styles by attributes. Without
        # 'unsafe-eval' no menu, tab or dialog opens. It lets a script that runs already evaluate
        # text, and no other run: nothing inline, nothing from elsewhere.
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
STRICT_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"


class ContentPolicyMiddleware:
    """Lets the pages for people load what is ours; to everything else nothing is allowed.

    A view that sets its own policy keeps it. Forms need the referrer within the house: without it
    browsers send `Origin: null`, which the protection against forged requests refuses.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_page = any(request.path == page or request.path.startswith(f"{page}/") for page in PAGES)
        policy, referrer = (
            (PAGE_POLICY, "same-origin") if is_page else (STRICT_POLICY, "no-referrer")
        )
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Referrer-Policy", referrer)
        return response
