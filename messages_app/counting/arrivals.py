"""What the send APIs answer, and how fast: counted in the web process, which alone knows it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import monotonic

from django.http import HttpRequest, HttpResponse

from gateway_project.lib.collecting import COLLECTIONS, Collection
from gateway_project.lib.protocol import Answer
from gateway_project.lib.transactions import writing
from messages_app.counting.adding import add
from messages_app.counting.histogram import bin_of
from messages_app.counting.window import floor
from messages_app.metering import count_request
from messages_app.models import Measure, Span, Tally

PATHS = "/api/v1"
LABEL, CHANNEL = "gatehouse.label", "gatehouse.channel"
"""Where a request says whose it is, as soon as that is known: a LabelValues and a channel."""

Arrival = tuple[datetime, int, str, str, int]
"""The minute, the label's id, the channel, the measure and its part."""


class ArrivalsMiddleware:
    """Stands around everything: counts the answers of the send APIs as they leave."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = monotonic()
        response = self.get_response(request)
        if isinstance(response, Answer) and request.path_info.startswith(PATHS):
            _note(request, response, monotonic() - began)
        return response


def _note(request: HttpRequest, answer: Answer, seconds: float) -> None:
    label, channel = request.META.get(LABEL), request.META.get(CHANNEL, "")
    count_request(label.slug if label else "", channel, answer, seconds)
    error_code = answer.error_code
    is_refused = error_code > 0
    measure = Measure.REFUSED if is_refused else Measure.ACCEPT_LATENCY
    part = error_code if is_refused else bin_of(seconds)
    minute = floor(datetime.now(UTC), Span.MINUTE)
    _noted.note((minute, label.id if label else 0, channel, measure, part))


def _write(counts: Mapping[Arrival, int]) -> None:
    columns = ("start", "label_id", "channel", "measure", "part")
    with writing():
        add(
            Tally(span=Span.MINUTE, count=count, **dict(zip(columns, arrival, strict=True)))
            for arrival, count in counts.items()
        )


_noted = Collection(_write)
COLLECTIONS.append(_noted)
