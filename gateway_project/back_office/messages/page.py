"""The message log, and the page that tells a message's whole story.

They stand under the roof because they show what messages_app and callbacks know side by side.
No address, no content, no URL is on them.
"""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_safe

from gateway_project.back_office.messages.deeds import Deeds, possible
from gateway_project.back_office.messages.story import story_of
from gateway_project.lib.admin import display
from gateway_project.lib.identifiers import read_id
from gateway_project.lib.paging import CappedPaginator
from gateways.admin.cells import moment, short_id
from gateways.admin.page import ReadOnlyPage
from gateways.admin.scope import visible
from gateways.admin.time_filter import TimeFilter
from gateways.models import Label
from messages_app.finding import messages_known_as
from messages_app.models import Message, State
from messages_app.timeline import STATUS_TONES, Tone
from users.masking import mask_text

SEALED = ("content", "preview_address", "callback_url")
STATE_TONES = {
    State.QUEUED.label: Tone.PLAIN,
    State.SENDING.label: Tone.PLAIN,
    State.SENT.label: Tone.GOOD,
    State.UNKNOWN.label: Tone.CAREFUL,
    State.REJECTED.label: Tone.BAD,
    State.FAILED.label: Tone.BAD,
}
STATUS_LABELS = {str(status): tone for status, tone in STATUS_TONES.items()}


@admin.register(Message)
class MessageAdmin(Deeds, ReadOnlyPage):
    when_empty = "The first message appears when Smartico sends it."
    paginator = CappedPaginator
    list_display = (
        *("accepted", "short_id", "label", "brand", "channel", "gateway"),
        *("state_label", "status_label", "tries"),
    )
    list_filter = (TimeFilter, "state", "status", "channel", "gateway", "brand", "label")
    list_select_related = ("label", "brand", "gateway")
    sortable_by = ("accepted",)
    search_fields = ("pk",)
    search_help_text = "ext_message_id, uid or the provider's id"
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Message]":
        rows: QuerySet[Message] = super().get_queryset(request).defer(*SEALED)
        return rows

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Message]", search_term: str
    ) -> "tuple[QuerySet[Message], bool]":
        sought = search_term.strip()
        if not sought:
            return queryset, False
        label_ids = visible(self.admin_site, request, Label).values_list("pk", flat=True)
        found = messages_known_as(sought, set(label_ids))
        return queryset.filter(pk__in=[message.pk for message in found]), False

    def get_urls(self) -> list[URLPattern]:
        fragment = self.admin_site.admin_view(require_safe(self.timeline_view))
        name = "messages_app_message_timeline"
        return [path("<path:object_id>/timeline/", fragment, name=name), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The message's page. Nothing is written there: what one may do begins in the list."""
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        message = self._message(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            **self._told(request, message),
            "opts": self.opts,
            "title": f"Message …{str(message.pk)[-12:]}",
        }
        return TemplateResponse(request, "admin/messages/message.html", context)

    def timeline_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What of the page changes; nothing at all where the browser has it as it is."""
        context = self._told(request, self._message(request, object_id))
        if context["story"].is_under_way and request.GET.get("seen") == context["story"].digest:
            return HttpResponse(status=204)
        return TemplateResponse(request, "admin/messages/story.html", context)

    def _message(self, request: HttpRequest, object_id: str) -> Message:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_queryset(request).select_related("label", "brand", "gateway", "template")
        pk: UUID | None = read_id(object_id)
        message = rows.filter(pk=pk).first() if pk else None
        if message is None:
            raise Http404
        return message

    def _told(self, request: HttpRequest, message: Message) -> dict[str, Any]:
        story = story_of(message)
        may = self.get_actions(request)
        able = possible(message, is_settled_with_smartico=story.is_settled_with_smartico)
        return {
            "opts": self.opts,
            "message": message,
            "uid": mask_text(message.uid),
            "story": story,
            "state_tone": STATE_TONES[State(message.state).label],
            "status_tone": STATUS_LABELS.get(message.status, ""),
            "deeds": [(name, may[name][2]) for name in able if name in may],
            "timeline_url": reverse("admin:messages_app_message_timeline", args=[message.pk]),
        }

    @display(description="accepted (UTC)", ordering="pk")
    def accepted(self, message: Message) -> str | None:
        return moment(message.created_at)

    @display(description="ext_message_id")
    def short_id(self, message: Message) -> str:
        return short_id(message.pk)

    @display(description="state", label=STATE_TONES)
    def state_label(self, message: Message) -> str:
        return State(message.state).label

    @display(description="status", label=STATUS_LABELS)
    def status_label(self, message: Message) -> str:
        return message.status

    @display(description="tries")
    def tries(self, message: Message) -> int:
        return message.attempts
