"""Actions on many rows, which say how many there are before anything happens."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

CONFIRMED, AFTER = "confirmed", "after"
LONGEST_KEY = 18
"""Digits. No table holds more rows."""
SHORTEST_REASON = 10
NO_REASON = f"Say why, in at least {SHORTEST_REASON} characters."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What an action has not come to: the rows behind this key. `question` is like that of
    `confirmed_action`, and asks whether to go on."""

    question: str
    after: int


Act = Callable[[Any, HttpRequest, "QuerySet[Any]"], HttpResponse | Rest | None]
Answer = Callable[[Any, HttpRequest, "QuerySet[Any]"], HttpResponse | None]


def confirmed_action(
    *,
    description: str,
    permission: str,
    question: str,
    narrow: Callable[["QuerySet[Any]"], "QuerySet[Any]"] = lambda rows: rows,
    asks_why: bool = False,
) -> Callable[[Act], Answer]:
    """An admin action that is asked back first.

    `question` is a sentence with `{count}`, the number of rows that `narrow` leaves of the chosen:
    those on which the action does anything at all. The action is given these. Where it `asks_why`,
    nothing happens before a reason is given, which the action finds by `reason_in`. An action that
    does not come to an end answers the rest, for which it is asked back again.
    """

    def decorate(act: Act) -> Answer:
        @wraps(act)
        def ask_or_act(
            page: Any, request: HttpRequest, queryset: "QuerySet[Any]"
        ) -> HttpResponse | None:
            chosen = _behind(queryset, _after(request))
            meant = narrow(chosen)
            is_confirmed = CONFIRMED in request.POST
            lacks_reason = asks_why and len(reason_in(request)) < SHORTEST_REASON
            if is_confirmed and not lacks_reason:
                done = act(page, request, meant)
                return _ask(page, request, queryset, done) if isinstance(done, Rest) else done
            refusal = NO_REASON if is_confirmed else ""
            return _ask(page, request, chosen, refusal=refusal)

        def _ask(
            page: Any,
            request: HttpRequest,
            queryset: "QuerySet[Any]",
            rest: Rest | None = None,
            refusal: str = "",
        ) -> HttpResponse:
            after = rest.after if rest else _after(request)
            chosen = _behind(queryset, after)
            count = narrow(chosen).count()
            context = {
                **page.admin_site.each_context(request),
                "opts": page.opts,
                "title": description,
                "question": (rest.question if rest else question).format(count=f"{count:,}"),
                "count": count,
                "after": after,
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


def _after(request: HttpRequest) -> int:
    """Behind which key to go on; 0 at the beginning."""
    text = request.POST.get(AFTER, "")[:LONGEST_KEY]
    return int(text) if text.isdecimal() else 0


def _behind(rows: "QuerySet[Any]", after: int) -> "QuerySet[Any]":
    return rows.filter(pk__gt=after) if after else rows


def reason_in(request: HttpRequest) -> str:
    """Why the person wants it, as it was typed; empty where nothing was."""
    return request.POST.get("reason", "").strip()
