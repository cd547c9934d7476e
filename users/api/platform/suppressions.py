"""The platform's pages about addresses that are not written to: named, lifted, listed."""

from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from gateways.api.platform.bodies import object_of
from gateways.api.platform.errors import error_json, invalid
from gateways.api.platform.queries import (
    limit_of,
    number_cursor,
    parameters_of,
    read_number_cursor,
)
from gateways.api.platform.view import PlatformView, caller_of, key_of
from users.api.platform.schema import (
    describe_lifting,
    describe_suppressing,
    describe_suppressions,
)
from users.api.platform.suppression_body import CHANNELS, Named, because_in, named_in, reason_in
from users.closing import Change, Problem, close, reopen
from users.sharing import known_to, sharing

CODES: Mapping[Problem, str] = {
    Problem.NO_USER: "not_found",
    Problem.NO_ADDRESS: "no_address",
    Problem.NOT_OF_BRAND: "another_brand",
    Problem.SHARED: "another_brand",
}


class SuppressionsView(PlatformView):
    """POST addresses that are not to be written to; GET a page of those that are not."""

    @describe_suppressions
    def get(self, request: Request) -> Response:
        parameters = parameters_of(request, "channel", "limit", "cursor")
        limit, caller = limit_of(parameters), caller_of(request)
        rows = known_to(caller.label.id, caller.brand_id, after=read_number_cursor(parameters))
        if "channel" in parameters:
            rows = rows.filter(channel=_channel(parameters["channel"]))
        page = list(rows[: limit + 1])
        told = sharing(page[:limit], caller.brand_id)
        more = number_cursor(page[limit - 1].pk) if len(page) > limit else None
        return Response({"suppressions": [_suppression_json(*each) for each in told], "next": more})

    @describe_suppressing
    def post(self, request: Request) -> Response:
        body, caller = object_of(request), caller_of(request)
        reason = reason_in(body)
        named = named_in(body, caller, "reason")
        flat = [each for items in named.values() for each in items]
        changes = close(caller.label.id, flat, reason, bound_to=caller.brand_id)
        return Response({"results": _results(named, changes)})


class LiftedView(PlatformView):
    """POST addresses that may be written to again, and why: that is kept."""

    @describe_lifting
    def post(self, request: Request) -> Response:
        body, caller = object_of(request), caller_of(request)
        because = because_in(body)
        named = named_in(body, caller, "reason")
        flat = [each for items in named.values() for each in items]
        changes = reopen(
            caller.label.id,
            flat,
            by=f"platform key {key_of(request).id}",
            because=because,
            bound_to=caller.brand_id,
        )
        return Response({"results": _results(named, changes)})


def _channel(text: str) -> str:
    if text not in CHANNELS:
        raise invalid("channel", f"one of {', '.join(CHANNELS)} is expected")
    return text


def _results(named: Named, changes: list[Change | Problem]) -> dict[str, list[dict[str, Any]]]:
    """A result per item, list by list."""
    remaining = iter(changes)
    return {name: [_result(next(remaining)) for _ in items] for name, items in named.items()}


def _result(change: Change | Problem) -> dict[str, Any]:
    if isinstance(change, Problem):
        return {"error": error_json(CODES.get(change, "invalid"), change.value)}
    return {"outcome": change.value}


def _suppression_json(row: Any, ext_user_ids: list[str], there_are_more: bool) -> dict[str, Any]:
    return {
        "channel": row.channel,
        "reason": row.reason,
        "since": row.created_at,
        "ext_user_ids": ext_user_ids,
        "more_users": there_are_more,
    }
