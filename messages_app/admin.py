"""Back office pages of messages. They hold ids only: no address, no content, no URL."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from gateway_project.lib.admin import ReadOnlyAdmin, ReadOnlyInline
from messages_app.models import InboxEntry, Message, SendAttempt, StatusEvent
from messages_app.parked import count_as_sent, send_again

MAY_SETTLE = "messages_app.change_message"


class SendAttemptInline(ReadOnlyInline):
    model = SendAttempt
    verbose_name_plural = "send attempts"
    fields = (
        *("number", "gateway", "outcome", "detail", "provider_id"),
        *("started_at", "finished_at"),
    )
    ordering = ("pk",)


class StatusEventInline(ReadOnlyInline):
    model = StatusEvent
    verbose_name_plural = "status events"
    fields = ("status", "is_reported", "detail", "occurred_at", "recorded_at")
    ordering = ("pk",)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = (
        *("id", "label", "brand", "channel", "gateway"),
        *("state", "status", "attempts", "created_at"),
    )
    list_filter = ("channel", "state", "status", "label", "gateway")
    list_select_related = ("label", "brand", "gateway")
    search_fields = ("id__exact", "uid__exact", "send_attempts__provider_id__exact")
    search_help_text = "ext_message_id, uid or the provider's id"
    show_full_result_count = False
    ordering = ("-pk",)
    fieldsets = (
        (None, {"fields": ("id", "uid", "label", "brand", "channel", "template", "end_user_id")}),
        ("Way", {"fields": ("gateway", "state", "status", "attempts", "activity_type", "notes")}),
        ("Times", {"fields": ("created_at", "due_at", "lease_until", "expires_at", "ended_at")}),
    )
    inlines = (SendAttemptInline, StatusEventInline)
    actions = ("send_again", "count_as_sent")

    def get_readonly_fields(self, request: HttpRequest, obj: Message | None = None) -> list[str]:
        return [name for _, options in self.fieldsets for name in options["fields"]]

    def has_settle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_SETTLE)

    @admin.action(description="Unknown outcome: send again", permissions=["settle"])
    def send_again(self, request: HttpRequest, queryset: "QuerySet[Message]") -> None:
        count = send_again(queryset)
        self.message_user(request, f"{count} messages are due again.", messages.SUCCESS)

    @admin.action(description="Unknown outcome: count as sent", permissions=["settle"])
    def count_as_sent(self, request: HttpRequest, queryset: "QuerySet[Message]") -> None:
        count = count_as_sent(queryset)
        self.message_user(request, f"{count} messages count as sent.", messages.SUCCESS)


@admin.register(InboxEntry)
class InboxEntryAdmin(ReadOnlyAdmin):
    list_display = (
        *("id", "gateway", "waits_for", "word", "status"),
        *("provider_id", "received_at", "due_at", "applied_at"),
    )
    list_filter = ("waits_for", "gateway")
    list_select_related = ("gateway",)
    search_fields = ("provider_id__exact", "message_id__exact")
    search_help_text = "ext_message_id or the provider's id"
    show_full_result_count = False
    ordering = ("-pk",)
