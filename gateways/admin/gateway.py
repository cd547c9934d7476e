"""The pages of gateways."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from gateway_project.lib.admin import ModelAdmin
from gateway_project.lib.vocabulary import Channel
from gateways.adapters import status_url, webhook_url
from gateways.admin.gateway_form import NewGatewayForm, config_fields, filter_fields, form_for
from gateways.admin.locking import LockingAdmin
from gateways.models import Gateway

KEPT = ("label", "slug", "channel", "provider")
SHOWN = ("is_paused", "paused_because", "webhook_url", "status_url")


@admin.register(Gateway)
class GatewayAdmin(LockingAdmin, ModelAdmin):
    list_display = (
        "name",
        "label",
        "channel",
        "provider",
        "brand",
        "is_active",
        "is_paused",
        "paused_because",
    )
    list_filter = ("label", "channel", "provider", "is_active", "is_paused")
    list_select_related = ("label", "brand")
    search_fields = ("name", "slug")
    actions = ("pause", "resume")
    add_fieldsets = ((None, {"fields": (*KEPT, "name", "brand")}),)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["form"] = form_for(obj) if obj else NewGatewayForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        conditions = (*KEPT[:3], "name", "brand", *filter_fields(obj), "seen")
        sending = (
            *("is_active", "is_paused", "paused_because"),
            *("rate_per_second", "expires_after", "on_unknown"),
        )
        parts = [("Conditions", conditions), ("Sending", sending)]
        if self.has_change_permission(request, obj):
            parts.insert(1, ("Authentication & Configuration", self._access(obj)))
        if obj.channel != Channel.CUSTOM_IM:
            parts.append(('"From" config', ("from_default", "from_allowed", "unknown_sender")))
        return [(title, {"fields": fields}) for title, fields in parts]

    def _access(self, gateway: Gateway) -> tuple[str, ...]:
        urls = ("webhook_url", "status_url") if gateway.channel == Channel.CUSTOM_IM else SHOWN[2:3]
        return ("provider", *config_fields(gateway), *urls)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*KEPT, *SHOWN) if obj else ()

    @admin.display(description="Our webhook URL")
    def webhook_url(self, gateway: Gateway) -> str:
        return webhook_url(gateway.token.reveal())

    @admin.display(description="Our status URL")
    def status_url(self, gateway: Gateway) -> str:
        return status_url(gateway.token.reveal())

    def response_post_save_add(self, request: HttpRequest, obj: Gateway) -> HttpResponse:
        """On to the second page, where the provider's own form is."""
        self.message_user(request, "Fill in the configuration, then set the gateway active.")
        return HttpResponseRedirect(reverse("admin:gateways_gateway_change", args=[obj.pk]))

    @admin.action(description="Pause", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Gateway]) -> None:
        self._set_paused(request, queryset, True, "Paused.")

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Gateway]) -> None:
        self._set_paused(request, queryset, False, "Resumed.")

    def _set_paused(
        self, request: HttpRequest, queryset: QuerySet[Gateway], paused: bool, text: str
    ) -> None:
        gateways = list(queryset.filter(is_paused=not paused))
        queryset.filter(is_paused=not paused).update(is_paused=paused, paused_because="")
        for gateway in gateways:
            self.log_change(request, gateway, text)
        self.message_user(request, f"{len(gateways)} gateways: {text}")
