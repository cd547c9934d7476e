"""The guard in front of everything: on Smartico's paths each request gets the protocol's answer.

It stands before Django's other middlewares and calls the view itself, so none of them (host check,
HTTPS redirect, sessions, CSRF, slash appending) can answer in another way or set a cookie.
"""

import logging
import posixpath
from collections.abc import Callable
from functools import lru_cache
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.urls import Resolver404, ResolverMatch, resolve

from gateway_project.lib import journal, sentinel
from gateway_project.lib.connections import NOT_READY, once_more
from gateway_project.lib.protocol import ErrorCode, Refused, refused

logger = logging.getLogger(__name__)

PATHS_KEPT = 64
"""Machines call a few paths time and again: which view answers each is kept."""

ANSWERS: dict[type[Exception], ErrorCode] = {
    Resolver404: ErrorCode.NO_SUCH_CALL,
    RequestDataTooBig: ErrorCode.TOO_LARGE,
    TooManyFieldsSent: ErrorCode.TOO_LARGE,
    UnreadablePostError: ErrorCode.NOT_JSON,
}


class ProtocolMiddleware:
    """Answers `settings.PROTOCOL_PATHS` itself and hands on everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_protocol_path(request.path_info):
            return self.get_response(request)
        response = answer(request)
        response.headers["Content-Length"] = str(len(response.content))
        if request.method == "HEAD":
            response.content = b""
        return response


def is_protocol_path(path: str) -> bool:
    """Whether the path, or one below it, is Smartico's.

    Doubled slashes, dots and capitals make no difference: who mistypes a path is told in the
    protocol.
    """
    if any(path.startswith(f"{own}/") for own in settings.PROTOCOL_PATHS):
        return True  # as nearly all are written
    plain = "/" + "/".join(part for part in path.lower().split("/") if part)
    return any(
        f"{reading}/".startswith(f"{own}/")
        for reading in (plain, posixpath.normpath(plain))
        for own in settings.PROTOCOL_PATHS
    )


def answer(request: HttpRequest) -> HttpResponse:
    """The view's answer, or the error number of what went wrong. Never raises."""
    with sentinel.watching(), journal.by_itself():
        return _answer(request)


def _answer(request: HttpRequest) -> HttpResponse:
    try:
        return _call(request)
    except Refused as refusal:
        return refused(refusal.code, sentinel.passed(refusal.text, "answer"))
    except tuple(ANSWERS) as error:
        return refused(ANSWERS[type(error)])
    except NOT_READY as error:
        logger.error("database trouble on a protocol path: %s", type(error).__name__)
        return refused(ErrorCode.UNAVAILABLE)
    except Exception:  # noqa: BLE001  the last wall: nothing but the protocol leaves here
        incident = uuid4().hex[:12]
        logger.exception("incident %s on a protocol path", incident)
        return refused(ErrorCode.INTERNAL, f"{ErrorCode.INTERNAL.text}, incident {incident}")


def _call(request: HttpRequest) -> HttpResponse:
    """Calls the view; once more where it only met a connection that the server had closed.

    A second call is safe: an accept is decided by its uid, a status by its message.
    """
    view: Callable[..., HttpResponse]
    view, args, kwargs = _resolved(request.path_info, settings.ROOT_URLCONF)
    return once_more(lambda: view(request, *args, **kwargs))


@lru_cache(maxsize=PATHS_KEPT)
def _resolved(path: str, urlconf: str) -> ResolverMatch:
    """Raises Resolver404, which is not kept."""
    return resolve(path, urlconf)
