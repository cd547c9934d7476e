"""Back office pages of callbacks. They hold ids only: no URL, no address, no key."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from callbacks.models import CallbackDelivery, DeliveryAttempt
from callbacks.replaying import replay
from gateway_project.lib.admin import ReadOnlyAdmin, ReadOnlyInline

MAY_REPLAY = "callbacks.change_callbackdelivery"


class DeliveryAttemptInline(ReadOnlyInline):
    model = DeliveryAttempt
    verbose_name_plural = "delivery attempts"
    fields = ("started_at", "finished_at", "outcome", "http_status", "detail")
    ordering = ("pk",)


@admin.register(CallbackDelivery)
class CallbackDeliveryAdmin(ReadOnlyAdmin):
    list_display = (
        "message_id",
        "label",
        "status",
        "settlement",
        "attempts",
        "due_at",
        "settled_at",
    )
    list_filter = ("settlement", "status", "label")
    list_select_related = ("label",)
    search_fields = ("message__id__exact",)
    search_help_text = "ext_message_id"
    show_full_result_count = False
    ordering = ("-pk",)
    fields = (
        *("message_id", "label", "host", "status", "settlement", "attempts"),
        *("created_at", "due_at", "first_failed_at", "settled_at"),
    )
    readonly_fields = fields
    inlines = (DeliveryAttemptInline,)
    actions = ("replay",)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_REPLAY)

    @admin.action(description="Replay the settled ones", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: "QuerySet[CallbackDelivery]") -> None:
        count = replay(CallbackDelivery.objects.filter(pk__in=queryset.values("pk")))
        self.message_user(request, f"{count} statuses are owed again.", messages.SUCCESS)
