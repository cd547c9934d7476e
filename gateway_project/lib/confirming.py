"""Actions on many rows, which say how many there are before anything happens."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

CONFIRMED = "confirmed"
SHORTEST_REASON = 10
NO_REASON = f"Say why, in at least {SHORTEST_REASON} characters."

Act = Callable[[Any, HttpRequest, "QuerySet[Any]"], HttpResponse | None]


def confirmed_action(
    *,
    description: str,
    permission: str,
    question: str,
    narrow: Callable[["QuerySet[Any]"], "QuerySet[Any]"] = lambda rows: rows,
    asks_why: bool = False,
) -> Callable[[Act], Act]:
    """An admin action that is asked back first.

    `question` is a sentence with `{count}`, the number of rows that `narrow` leaves of the chosen:
    those on which the action does anything at all. The action is given these. Where it `asks_why`,
    nothing happens before a reason is given, which the action finds by `reason_in`.
    """

    def decorate(act: Act) -> Act:
        @wraps(act)
        def ask_or_act(
            page: Any, request: HttpRequest, queryset: "QuerySet[Any]"
        ) -> HttpResponse | None:
            meant = narrow(queryset)
            is_confirmed = CONFIRMED in request.POST
            lacks_reason = asks_why and len(reason_in(request)) < SHORTEST_REASON
            if is_confirmed and not lacks_reason:
                return act(page, request, meant)
            refusal = NO_REASON if is_confirmed else ""
            return _ask(page, request, queryset, meant.count(), refusal)

        def _ask(
            page: Any, request: HttpRequest, chosen: "QuerySet[Any]", count: int, refusal: str
        ) -> HttpResponse:
            context = {
                **page.admin_site.each_context(request),
                "opts": page.opts,
                "title": description,
                "question": question.format(count=f"{count:,}"),
                "count": count,
                "left_out": chosen.count() - count,
                "action": request.POST["action"],
                "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
                "select_across": request.POST.get("select_across", "0"),
                "checkbox_name": ACTION_CHECKBOX_NAME,
                "confirmed": CONFIRMED,
                "shortest_reason": SHORTEST_REASON if asks_why else 0,
                "refusal": refusal,
            }
            return TemplateResponse(request, "admin/confirm_action.html", context)

        return admin.action(description=description, permissions=[permission])(ask_or_act)

    return decorate


def reason_in(request: HttpRequest) -> str:
    """Why the person wants it, as it was typed; empty where nothing was."""
    return request.POST.get("reason", "").strip()
