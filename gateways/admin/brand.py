"""The pages of brands."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from gateway_project.lib.admin import display
from gateway_project.lib.confirming import confirmed_action
from gateway_project.lib.transactions import writing
from gateways.admin.page import Page
from gateways.admin.states import INACTIVE, PAUSED, RUNNING, STATES
from gateways.models import Brand


@admin.register(Brand)
class BrandAdmin(Page):
    when_empty = "Add the brands that your end users belong to."
    list_display = ("name", "slug", "label", "state")
    list_filter = ("label", "is_paused", "is_active")
    list_select_related = ("label",)
    search_fields = ("name", "slug")
    fields = ("label", "name", "slug", "is_paused", "is_active")
    actions = ("pause", "resume")
    change_form_outer_before_template = "admin/gateways/brand/notices.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("label", "slug", "is_paused") if obj else ()

    @display(description="state", label=STATES)
    def state(self, brand: Brand) -> str:
        if not brand.is_active:
            return INACTIVE
        return PAUSED if brand.is_paused else RUNNING

    @confirmed_action(
        description="Pause",
        permission="change",
        question="Brands to pause: {count}. Requests for their users are refused with 5, and what "
        "waits for them is held.",
        narrow=lambda brands: brands.filter(is_paused=False),
    )
    def pause(self, request: HttpRequest, queryset: QuerySet[Brand]) -> None:
        self._set_paused(request, queryset, True)

    @confirmed_action(
        description="Resume",
        permission="change",
        question="Brands to resume: {count}. Requests for their users are taken again, and what "
        "is held is sent, the oldest first.",
        narrow=lambda brands: brands.filter(is_paused=True),
    )
    def resume(self, request: HttpRequest, queryset: QuerySet[Brand]) -> None:
        self._set_paused(request, queryset, False)

    def _set_paused(self, request: HttpRequest, queryset: QuerySet[Brand], paused: bool) -> None:
        with writing():
            brands = list(queryset.select_for_update(of=("self",)))
            ids = [brand.pk for brand in brands]
            Brand.objects.filter(pk__in=ids).update(is_paused=paused)
            for brand in brands:
                self.log_change(request, brand, {"is_paused": [not paused, paused]})
        self.message_user(request, f"{len(brands)} {'paused' if paused else 'resumed'}.")
