"""The paths for the operations stand apart from all others: no host check, session or cookie."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, ResolverMatch, resolve

PATHS = "gateway_project.operations.urls"


class OperationsMiddleware:
    """Answers these paths itself and hands on everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = _found(request.path_info)
        if found is None:
            return self.get_response(request)
        response: HttpResponse = found.func(request, *found.args, **found.kwargs)
        return response


def _found(path: str) -> ResolverMatch | None:
    """Lets go of the error, which holds the path: it would stand behind every later one."""
    try:
        return resolve(path, urlconf=PATHS)
    except Resolver404:
        return None
