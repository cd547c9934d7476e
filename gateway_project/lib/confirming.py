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

Act = Callable[[Any, HttpRequest, "QuerySet[Any]"], HttpResponse | None]


def confirmed_action(
    *,
    description: str,
    permission: str,
    question: str,
    narrow: Callable[["QuerySet[Any]"], "QuerySet[Any]"] = lambda rows: rows,
) -> Callable[[Act], Act]:
    """An admin action that is asked back first.

    `question` is a sentence with `{count}`, the number of rows that `narrow` leaves of the chosen:
    those on which the action does anything at all. The action is given these.
    """

    def decorate(act: Act) -> Act:
        @wraps(act)
        def ask_or_act(
            page: Any, request: HttpRequest, queryset: "QuerySet[Any]"
        ) -> HttpResponse | None:
            meant = narrow(queryset)
            if CONFIRMED in request.POST:
                return act(page, request, meant)
            return _ask(page, request, queryset, meant.count())

        def _ask(
            page: Any, request: HttpRequest, chosen: "QuerySet[Any]", count: int
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
            }
            return TemplateResponse(request, "admin/confirm_action.html", context)

        return admin.action(description=description, permissions=[permission])(ask_or_act)

    return decorate
