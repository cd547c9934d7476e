"""`/callbacks/opened|clicked|unsubscribe/<token>`: where the links in our own mails lead.

Whoever has a mail can open them, without a login, a cookie or a script. A token that is not ours
is answered 404; one whose message is not kept any more, like any other. Looking is not acting:
HEAD records nothing, and a GET alone unsubscribes nobody, since scanners follow links.
"""

import logging
from base64 import b64decode
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from callbacks.links import record_deed
from gateway_project.lib.connections import NOT_READY
from gateway_project.lib.vocabulary import Status
from gateways.providers.links import Link, read_token

logger = logging.getLogger(__name__)

PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent GIF of one pixel."""
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
ALLOWED = {
    Link.OPENED: ("GET", "HEAD"),
    Link.CLICKED: ("GET", "HEAD"),
    Link.UNSUBSCRIBE: ("GET", "HEAD", "POST"),
}

Answering = Callable[[HttpRequest, str, str], HttpResponse]
View = Callable[[HttpRequest, str], HttpResponse]


def answers(link: Link) -> Callable[[Answering], View]:
    """Makes a view of what answers the message id and the target in a token of that link."""

    def view_of(answer: Answering) -> View:
        @csrf_exempt
        @wraps(answer)
        def view(request: HttpRequest, token: str) -> HttpResponse:
            named = read_token(link, token)
            if request.method not in ALLOWED[link]:
                response = HttpResponse(status=405, headers={"Allow": ", ".join(ALLOWED[link])})
            elif named is None:
                response = HttpResponse("There is no such link.\n", status=404)
                response["Content-Type"] = "text/plain; charset=utf-8"
            else:
                response = answer(request, *named)
            response["Cache-Control"] = "no-store"
            response["Referrer-Policy"] = "no-referrer"
            # Django would log the path of every refusal, and the token is in it.
            response._has_been_logged = True  # type: ignore[attr-defined]
            return response

        return view

    return view_of


@answers(Link.OPENED)
def opened(request: HttpRequest, message_id: str, target: str) -> HttpResponse:
    """The pixel, whatever becomes of the status: a broken picture helps nobody."""
    if request.method == "GET":
        _recorded(message_id, Status.OPENED)
    return HttpResponse(PIXEL, content_type="image/gif")


@answers(Link.CLICKED)
def clicked(request: HttpRequest, message_id: str, target: str) -> HttpResponse:
    """Leads on to the target that the token holds, whatever becomes of the status."""
    if request.method == "GET":
        _recorded(message_id, Status.CLICKED)
    return HttpResponse(status=302, headers={"Location": target})


@answers(Link.UNSUBSCRIBE)
def unsubscribe(request: HttpRequest, message_id: str, target: str) -> HttpResponse:
    """The page that asks, and the answer to its button or to a mail client (RFC 8058)."""
    if request.method != "POST":
        return _page("ask")
    if not _recorded(message_id, Status.UNSUBSCRIBED):
        return _page("again", status=503)
    return _page("done")


def _recorded(message_id: str, status: Status) -> bool:
    """Whether nothing is left to do; False where the database could not be asked."""
    try:
        record_deed(message_id, status)
    except NOT_READY as trouble:
        logger.error("what a person did with a mail is not recorded: %s", type(trouble).__name__)
        return False
    return True


def _page(state: str, status: int = 200) -> HttpResponse:
    response = render(None, "unsubscribe.html", {"state": state}, status=status)
    response["Content-Security-Policy"] = PAGE_POLICY
    response["X-Robots-Tag"] = "noindex"
    return response
