"""The paths for the operations stand apart from all others: no host check, session or cookie."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

PATHS = "gateway_project.operations.urls"


class OperationsMiddleware:
    """Answers these paths itself and hands on everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            view, args, kwargs = resolve(request.path_info, urlconf=PATHS)
        except Resolver404:
            return self.get_response(request)
        response: HttpResponse = view(request, *args, **kwargs)
        return response
