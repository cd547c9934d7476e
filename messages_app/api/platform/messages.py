"""The platform's page about messages: what became of those it names, or of all since a moment."""

from typing import Any

from django.db.models import Q
from rest_framework.request import Request
from rest_framework.response import Response

from gateway_project.lib.storable import UNSTORABLE
from gateways.api.platform.bodies import check_number
from gateways.api.platform.errors import error_json, invalid
from gateways.api.platform.queries import (
    cursor_of,
    limit_of,
    moment_of,
    parameters_of,
    read_cursor,
)
from gateways.api.platform.view import PlatformView, caller_of
from gateways.callers import Caller
from messages_app.api.platform.answers import messages_json
from messages_app.api.platform.schema import describe_messages
from messages_app.lookups import in_order, named
from users.models import EndUser

MOST_IDS = 1_000
IDS = "ids"
NOT_FOUND = {"error": error_json("not_found", "no such message")}


class MessagesView(PlatformView):
    """GET those with the ids that are named, each in its place; or a page of all."""

    @describe_messages
    def get(self, request: Request) -> Response:
        if IDS in request.query_params:
            return Response({"results": _named(request)})
        return Response(_page(request))


def _named(request: Request) -> list[dict[str, Any]]:
    parameters_of(request, IDS, repeated=IDS)
    ids = [text for part in request.query_params.getlist(IDS) for text in part.split(",") if text]
    if not ids:
        raise invalid(IDS, "name at least one")
    check_number(len(ids), MOST_IDS)
    found = named(caller_of(request), ids)
    rows = list({row.pk: row for rows in found.values() for row in rows}.values())
    told = {each["id"]: each for each in messages_json(rows)}
    return [
        {"messages": [told[str(row.pk)] for row in found[text]]} if text in found else NOT_FOUND
        for text in ids
    ]


def _page(request: Request) -> dict[str, Any]:
    parameters = parameters_of(request, IDS, "ext_user_id", "since", "limit", "cursor")
    limit, caller, after = limit_of(parameters), caller_of(request), read_cursor(parameters)
    page = in_order(
        caller,
        _of_user(caller, parameters.get("ext_user_id")),
        since=moment_of(parameters, "since"),
        after=after[1] if after else None,
        limit=limit + 1,
    )
    more = cursor_of(page[limit - 1].pk) if len(page) > limit else None
    return {"messages": messages_json(page[:limit]), "next": more}


def _of_user(caller: Caller, ext_user_id: str | None) -> Q:
    if ext_user_id is None:
        return Q()
    if UNSTORABLE.search(ext_user_id):
        return Q(pk__in=[])
    users = EndUser.objects.filter(label=caller.label.id, ext_user_id=ext_user_id)
    return Q(end_user__in=list(users.values_list("pk", flat=True)))
