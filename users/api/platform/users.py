"""The platform's page about all of its users: told in bulk, and listed."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from gateway_project.lib.lenient_json import NotJson
from gateways.api.platform.bodies import items_or_lines_of
from gateways.api.platform.queries import (
    cursor_of,
    limit_of,
    moment_of,
    parameters_of,
    read_cursor,
)
from gateways.api.platform.view import PlatformView, caller_of
from users.api.platform.answers import users_json
from users.api.platform.results import error_of, result_json
from users.api.platform.schema import describe_upsert, describe_users
from users.importing import Outcome, import_rows
from users.listing import changed_since
from users.models import EndUser
from users.reading import Read
from users.rows import BadRow, UserRow, row_of

MOST_USERS = 10_000


class UsersView(PlatformView):
    """POST one user or many, made to be as it says; GET a page of them."""

    @describe_users
    def get(self, request: Request) -> Response:
        parameters = parameters_of(request, "brand", "updated_since", "limit", "cursor")
        limit = limit_of(parameters)
        users = changed_since(
            _users(request, parameters.get("brand")),
            moment_of(parameters, "updated_since"),
            after=read_cursor(parameters),
        )
        page = list(users[: limit + 1])
        shown = page[:limit]
        more = cursor_of(shown[-1].pk, shown[-1].updated_at) if len(page) > limit else None
        return Response({"users": users_json(shown), "next": more})

    @describe_upsert
    def post(self, request: Request) -> Response:
        items, is_single = items_or_lines_of(request, most=MOST_USERS)
        caller = caller_of(request)
        results = [
            result
            for _, result in import_rows(
                caller.label.id, _reads(items), started_at=timezone.now(), bound_to=caller.brand_id
            )
        ]
        if is_single and results[0].outcome == Outcome.BAD:
            raise error_of(results[0])
        return Response({"results": [result_json(result) for result in results]})


def _users(request: Request, brand: str | None) -> "QuerySet[EndUser]":
    """The label's users, or those of a brand: of the key's own where it is bound to one."""
    caller = caller_of(request)
    users = EndUser.objects.filter(label=caller.label.id)
    if caller.brand_id is not None:
        users = users.filter(brand=caller.brand_id)
    if brand is not None:
        users = users.filter(brand__slug=brand)
    return users.select_related("brand")


def _reads(items: list[Any]) -> Iterator[Read]:
    for number, item in enumerate(items):
        yield number, _read(item)


def _read(item: Any) -> UserRow | BadRow:
    if isinstance(item, NotJson):
        return BadRow(str(item))
    if not isinstance(item, dict):
        return BadRow("an object is expected")
    try:
        return row_of(item)
    except BadRow as bad:
        return bad.with_traceback(None)
