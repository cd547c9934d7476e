"""Back office pages of callbacks. They hold ids only: no URL, no address, no key."""

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from callbacks import timeline
from callbacks.answers import Outcome
from callbacks.models import CallbackDelivery, DeliveryAttempt, Settlement
from callbacks.replaying import Replayed, replaying
from gateway_project.lib.admin import display
from gateway_project.lib.clock import database_now
from gateway_project.lib.confirming import Rest, confirmed_action
from gateway_project.lib.identifiers import read_id
from gateway_project.lib.paging import CappedPaginator
from gateways.admin.cells import moment, short_id
from gateways.admin.deeds import do_in_batches
from gateways.admin.page import ReadOnlyPage
from gateways.admin.time_filter import MessageTimeFilter
from gateways.models import Action
from messages_app.timeline import STATUS_TONES, Tone, in_order

REPLAY_SECONDS = 20.0
"""How long a person waits for a deed; what it has not come to is left for the next."""
MORE_TO_REPLAY = "There are {count} more: go on, or use the command replay_callbacks."

MAY_REPLAY = "callbacks.replay_callbackdelivery"
SETTLEMENT_TONES = {
    Settlement.OWED.label: Tone.PLAIN,
    Settlement.ACKNOWLEDGED.label: Tone.GOOD,
    Settlement.MISMATCH.label: Tone.CAREFUL,
    Settlement.DEAD.label: Tone.BAD,
}
STATUS_LABELS = {str(status): tone for status, tone in STATUS_TONES.items()}
LAST = DeliveryAttempt.objects.filter(delivery=OuterRef("pk")).order_by("-pk")


def settled(deliveries: "QuerySet[CallbackDelivery]") -> "QuerySet[CallbackDelivery]":
    """Those that are not owed any more."""
    return deliveries.exclude(settlement=Settlement.OWED)


@admin.register(CallbackDelivery)
class CallbackDeliveryAdmin(ReadOnlyPage):
    when_empty = "Nothing is owed to Smartico: statuses appear as messages are sent."
    paginator = CappedPaginator
    list_display = (
        *("owed_since", "short_id", "label", "status_label", "settlement_label"),
        *("tries", "due", "last_answer"),
    )
    list_filter = (MessageTimeFilter, "settlement", "status", "label")
    list_select_related = ("label",)
    sortable_by = ("owed_since",)
    search_fields = ("message_id",)
    search_help_text = "ext_message_id"
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    ordering = ("-message_id", "-pk")
    actions = ("replay",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .annotate(
                last_outcome=Subquery(LAST.values("outcome")[:1]),
                last_detail=Subquery(LAST.values("detail")[:1]),
            )
        )

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        sought = search_term.strip()
        return (queryset.filter(message_id=read_id(sought)) if sought else queryset), False

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_REPLAY)

    @confirmed_action(
        description="Replay",
        permission="replay",
        question="{count} statuses that were settled are told to Smartico again.",
        narrow=settled,
    )
    def replay(self, request: HttpRequest, queryset: Any) -> Rest | None:
        chosen = CallbackDelivery.objects.filter(pk__in=queryset.order_by().values("pk"))
        patience = Patience(replaying(chosen))
        count = do_in_batches(request.user, Action.REPLAYED, chosen, patience)
        self.message_user(request, f"{count:,} statuses are owed again.")
        return patience.rest

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A delivery's own timeline. Nothing is written there."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        delivery = self._delivery(request, object_id)
        is_owed = timeline.is_owed(delivery)
        may = self.get_actions(request)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Callback: {delivery.status}",
            "delivery": delivery,
            "status_tone": STATUS_LABELS.get(delivery.status, ""),
            "settlement_tone": SETTLEMENT_TONES[Settlement(delivery.settlement).label],
            "entries": in_order(timeline.told([delivery])),
            "waits": timeline.waits([delivery], delivery.label, database_now()),
            "deeds": [] if is_owed or "replay" not in may else [("replay", may["replay"][2])],
        }
        return TemplateResponse(request, "admin/callbacks/delivery.html", context)

    def _delivery(self, request: HttpRequest, object_id: str) -> CallbackDelivery:
        found: CallbackDelivery | None = self.get_object(request, object_id)
        if found is None:
            raise Http404
        return found

    @display(description="owed since (UTC)", ordering="message_id")
    def owed_since(self, delivery: CallbackDelivery) -> str | None:
        return moment(delivery.created_at)

    @display(description="ext_message_id")
    def short_id(self, delivery: CallbackDelivery) -> str:
        return short_id(delivery.message_id, row=delivery.pk)

    @display(description="status", label=STATUS_LABELS)
    def status_label(self, delivery: CallbackDelivery) -> str:
        return delivery.status

    @display(description="settlement", label=SETTLEMENT_TONES)
    def settlement_label(self, delivery: CallbackDelivery) -> str:
        return Settlement(delivery.settlement).label

    @display(description="tries")
    def tries(self, delivery: CallbackDelivery) -> int:
        return delivery.attempts

    @display(description="due (UTC)")
    def due(self, delivery: CallbackDelivery) -> str | None:
        return moment(delivery.due_at) if timeline.is_owed(delivery) else None

    @display(description="Smartico's last answer")
    def last_answer(self, delivery: Any) -> str | None:
        if delivery.last_outcome is None:
            return None
        return delivery.last_detail or Outcome(delivery.last_outcome).label


class Patience:
    """The batches of a replay for as long as a person waits, and what is left then."""

    def __init__(self, batches: Iterator[Replayed]) -> None:
        self._batches = batches
        self.rest: Rest | None = None

    def __iter__(self) -> Iterator[Counter[int]]:
        until = time.monotonic() + REPLAY_SECONDS
        for batch in self._batches:
            yield batch.by_label
            if not batch.is_end and time.monotonic() >= until:
                self.rest = Rest(question=MORE_TO_REPLAY, after=batch.last)
                return
