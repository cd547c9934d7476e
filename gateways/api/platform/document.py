"""The platform API in words: its own OpenAPI document, for who has a key of it."""

from functools import cache
from typing import Any

from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator
from rest_framework.request import Request
from rest_framework.response import Response

from gateways.api.platform.view import PlatformView
from gateways.api.schema import describe_document

ROOT = "/platform/"


class PlatformPaths(EndpointEnumerator):
    """Each as it is best called, without the slash that may follow it."""

    def get_path_from_regex(self, path_regex: str) -> str:
        path: str = super().get_path_from_regex(path_regex)  # type: ignore[no-untyped-call]
        return path.removesuffix("/")

    def should_include_endpoint(self, path: str, callback: Any) -> bool:
        return path.startswith(ROOT) and super().should_include_endpoint(path, callback)


class PlatformDocument(SchemaGenerator):
    endpoint_inspector_cls = PlatformPaths


class DocumentView(PlatformView):
    """GET the document."""

    @describe_document
    def get(self, request: Request) -> Response:
        return Response(document())


@cache
def document() -> Any:
    """OpenAPI 3.1. It is the same for every key."""
    return PlatformDocument().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
