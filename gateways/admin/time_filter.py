"""The filter by time of long lists: a time is a range of message ids, which costs no scan."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest

from gateway_project.lib.clock import database_now
from gateway_project.lib.identifiers import first_id

PARAMETERS = ("within", "since", "until")
WITHIN = {
    "1h": ("Last hour", timedelta(hours=1)),
    "24h": ("Last 24 hours", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
}


class TimeFilter(admin.ListFilter):
    """By when a message was accepted: lately, or from one moment to another (UTC)."""

    title = "time accepted (UTC)"
    template = "admin/time_filter.html"
    column = "pk"
    """Where the message's id stands."""

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        for name in PARAMETERS:
            value = params.pop(name, [""])[-1]
            if value:
                self.used_parameters[name] = value

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[Any]:
        return list(PARAMETERS)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        within, since, until = [self.used_parameters.get(name) for name in PARAMETERS]
        if within in WITHIN:
            since, until = database_now() - WITHIN[within][1], None
        if since:
            queryset = queryset.filter(**{f"{self.column}__gte": _first_id(since)})
        if until:
            queryset = queryset.filter(**{f"{self.column}__lt": _first_id(until)})
        return queryset

    def choices(self, changelist: Any) -> Iterator[Any]:
        names = list(PARAMETERS)
        chosen = self.used_parameters.get("within")
        yield {
            "selected": not self.used_parameters,
            "query_string": changelist.get_query_string(remove=names),
            "display": "Any time",
        }
        for name, (words, _) in WITHIN.items():
            yield {
                "selected": chosen == name,
                "query_string": changelist.get_query_string({"within": name}, remove=names),
                "display": words,
            }
        self.ends = [
            (name, words, self.used_parameters.get(name, ""))
            for name, words in (("since", "From"), ("until", "To"))
        ]
        others = changelist.get_query_string(remove=[*names, "p"]).lstrip("?")
        self.others = parse_qsl(others, keep_blank_values=True)


class MessageTimeFilter(TimeFilter):
    """The same on rows that belong to a message."""

    column = "message_id"


def _first_id(given: Any) -> UUID:
    """Raises IncorrectLookupParameters, at which the list is shown unfiltered."""
    try:
        read = given if isinstance(given, datetime) else datetime.fromisoformat(given)
        return first_id(read if read.tzinfo else read.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as problem:
        raise IncorrectLookupParameters(problem) from None
