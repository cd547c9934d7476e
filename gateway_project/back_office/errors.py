"""Pages that stand in for one that cannot be shown. They hold no data and say what to do next."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from gateway_project.lib.content_policy import PAGES

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What has happened, and what the reader can do."""

    title: str
    advice: str


WORDS = {
    HTTPStatus.FORBIDDEN: Words(
        title="This page is not for you",
        advice="Your role does not open it. Ask an administrator if you need it for your work.",
    ),
    HTTPStatus.NOT_FOUND: Words(
        title="There is nothing here",
        advice="It may have been deleted, or belong to a label that you do not see. "
        "Go to the home page and look for it from there.",
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: Words(
        title="Something broke",
        advice="It is our fault, and it has been written to the log. Try again in a minute; "
        "messages that were accepted are safe and go on being sent.",
    ),
}
MAY_HOLD_ANYTHING = {
    *("exception_value", "exception_notes", "unicode_hint"),
    *("request_GET_items", "request_FILES_items", "request_insecure_uri"),
}
TOO_LONG = Words(
    title="This page was open too long",
    advice="Nothing was saved. Go back, reload the page, and send it again.",
)


class NothingTold(SafeExceptionReporterFilter):
    """Leaves of Django's own error page, which DEBUG shows, where it broke, and no values.

    A variable may hold an address or a secret under any name.
    """

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return dict.fromkeys(request.POST if request else (), self.cleansed_substitute)

    def get_safe_cookies(self, request: HttpRequest | None) -> dict[str, Any]:
        return dict.fromkeys(request.COOKIES if request else (), self.cleansed_substitute)

    def get_safe_request_meta(self, request: HttpRequest | None) -> dict[str, Any]:
        return dict.fromkeys(request.META if request else (), self.cleansed_substitute)

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> Any:
        return {}.items()


class WhereItBroke(ExceptionReporter):
    """That page, which names the kinds of exceptions: their own words, and what was asked for, may
    hold anything. The words stand in the log, masked."""

    def get_traceback_data(self) -> dict[str, Any]:
        told: dict[str, Any] = super().get_traceback_data()
        for frame in told["frames"]:
            frame["exc_cause"] = type(frame["exc_cause"]).__name__ if frame["exc_cause"] else None
        return told | dict.fromkeys(MAY_HOLD_ANYTHING & told.keys(), "")


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _page(request, HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _page(request, HTTPStatus.NOT_FOUND)


def broken(request: HttpRequest) -> HttpResponse:
    return _page(request, HTTPStatus.INTERNAL_SERVER_ERROR)


def page_was_open_too_long(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The answer to a form whose protection against forged requests has run out."""
    return _page(request, HTTPStatus.FORBIDDEN, TOO_LONG)


def _page(request: HttpRequest, status: HTTPStatus, words: Words | None = None) -> HttpResponse:
    """For people; whoever calls something else than the back office is told the status only."""
    if not request.path.startswith(PAGES):
        return HttpResponse(f"{status.phrase}\n", status=status, content_type="text/plain")
    context = {"words": words or WORDS[status]}
    response = render(None, "error.html", context, status=status)
    response["Content-Security-Policy"] = POLICY
    return response
