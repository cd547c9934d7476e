"""The pages of gateways: Smartico's two lists of them, and the screens of each as tabs."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone

from gateway_project.lib.admin import display, row_action
from gateway_project.lib.vocabulary import Channel
from gateways.admin.access import ConnectionCheck, access_context, used_urls
from gateways.admin.choosing import KINDS, channels_of, kind_of
from gateways.admin.gateway_form import form_for
from gateways.admin.gateway_state import COLOURS, filters_in_words, reason_of, state_of
from gateways.admin.locking import LockingAdmin
from gateways.admin.page import Page
from gateways.admin.screens import ACCESS, BLAST_GUARD, CONDITIONS, Screen, provider_title, tabs_of
from gateways.admin.sections import GroupedForm
from gateways.admin.switching import Switches
from gateways.admin.trying import Trying, trying_context
from gateways.admin.wizard import Wizard
from gateways.contacts import refused_lately
from gateways.models import Gateway

MAY_TEST = "messages_app.test_message"
HEAD = (("label", "slug"), ("channel", "provider_title"), ("is_active", "present_state"))
BESIDE = ("instructions", "our_urls", "connection", "try_it", "impact", "last_day")
READ_ONLY = ("label", "slug", "channel", "provider_title", "present_state", *BESIDE)


class KindFilter(admin.SimpleListFilter):
    """Smartico's two lists of gateways."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(KINDS.items())

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Gateway]
    ) -> QuerySet[Gateway] | None:
        kind = kind_of(self.value() or "")
        return queryset.filter(channel__in=channels_of(kind)) if kind else None


class BrokenFilter(admin.SimpleListFilter):
    """Those whose providers do not answer."""

    title = "answering"
    parameter_name = "answering"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Not answering")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Gateway]
    ) -> QuerySet[Gateway] | None:
        is_asked = self.value() == "no"
        return queryset.filter(breaker__opened_at__isnull=False) if is_asked else None


class RefusedFilter(admin.SimpleListFilter):
    """Those at whose webhook URL somebody did not prove themselves."""

    title = "webhooks"
    parameter_name = "webhooks"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("refused", "Refused within the hour")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Gateway]
    ) -> QuerySet[Gateway] | None:
        is_asked = self.value() == "refused"
        return queryset.filter(**refused_lately(timezone.now())) if is_asked else None


@admin.register(Gateway)
class GatewayAdmin(Wizard, Trying, ConnectionCheck, Switches, LockingAdmin, Page):
    when_empty = "Create the first gateway: messages leave through one."
    list_display = (
        *("name", "label", "channel_title", "provider_title", "brand_or_any", "conditions"),
        *("state", "reason"),
    )
    list_filter = (
        *(KindFilter, "label", "channel", "provider", "is_active", "is_paused"),
        *(BrokenFilter, RefusedFilter),
    )
    list_select_related = ("label", "brand", "breaker")
    search_fields = ("name", "slug")
    ordering = ("label__name", "channel", "name", "pk")
    list_before_template = "admin/gateways/above_list.html"
    show_add_link = False
    change_form_before_template = "admin/gateways/problems.html"
    actions_detail = ("test_send",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return self.rows_of_labels(request).filter(is_draft=False)

    def rows_of_labels(self, request: HttpRequest) -> Any:
        """The gateways of this person's labels, drafts too."""
        return super().get_queryset(request)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Leaves its kind on the request, for the sidebar."""
        gateway = super().get_object(request, object_id, from_field)
        request.kind = kind_of(gateway.channel) if gateway else ""  # type: ignore[attr-defined]
        return gateway

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        kind = kind_of(request.GET.get("kind", ""))
        drafts = self.rows_of_labels(request).filter(is_draft=True, channel__in=channels_of(kind))
        context = {
            "title": KINDS.get(kind, "Gateways"),
            "kind": kind,
            "drafts": drafts.select_related("label").order_by("-created_at"),
        }
        page: HttpResponse = super().changelist_view(request, {**context, **(extra_context or {})})
        return page

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs.setdefault("form", form_for(obj, tabs_of(obj)))
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        may_change = self.has_change_permission(request, obj)
        return [
            (None, {"fields": (*HEAD, "seen")}),
            *(
                (tab.title, {"fields": _lines(tab, obj, may_change), "classes": ["tab"]})
                for tab in tabs_of(obj)
                if may_change or tab is not ACCESS
            ),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With the groups of the provider's settings. What is wrong is told above the form."""
        drawn = context["adminform"]
        context["adminform"] = GroupedForm(
            drawn.form, drawn.fieldsets, {}, drawn.readonly_fields, model_admin=self
        )
        context["errors"] = None
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return READ_ONLY

    def has_test_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm(MAY_TEST)

    @row_action(description="Test send", icon="send", permission="test")
    def test_send(self, request: HttpRequest, object_id: str) -> HttpResponse:
        gateway = self.get_object(request, object_id)
        if gateway is None:
            raise Http404
        return redirect("admin:test_send", gateway_id=gateway.pk)

    @admin.display(description="Channel", ordering="channel")
    def channel_title(self, gateway: Gateway) -> str:
        return Channel(gateway.channel).label

    @admin.display(description="Provider", ordering="provider")
    def provider_title(self, gateway: Gateway) -> str:
        return provider_title(gateway)

    @admin.display(description="Brand", ordering="brand")
    def brand_or_any(self, gateway: Gateway) -> str:
        return gateway.brand.name if gateway.brand else "any"

    @admin.display(description="Conditions")
    def conditions(self, gateway: Gateway) -> str:
        return filters_in_words(gateway.filters)

    @display(description="State", label=COLOURS)
    def state(self, gateway: Gateway) -> str:
        return state_of(gateway, timezone.now())

    @admin.display(description="Because")
    def reason(self, gateway: Gateway) -> str:
        return reason_of(gateway, timezone.now())

    @admin.display(description="State")
    def present_state(self, gateway: Gateway) -> str:
        now = timezone.now()
        return ": ".join(filter(None, (state_of(gateway, now), reason_of(gateway, now))))

    @admin.display(description="Set-up instructions")
    def instructions(self, gateway: Gateway) -> str:
        return render_to_string("admin/gateways/instructions.html", access_context(gateway))

    @admin.display(description="Our URLs")
    def our_urls(self, gateway: Gateway) -> str:
        return render_to_string("admin/gateways/our_urls.html", access_context(gateway))

    @admin.display(description="Connection")
    def connection(self, gateway: Gateway) -> str:
        return render_to_string("admin/gateways/connection.html", access_context(gateway))

    @admin.display(description="Try it")
    def try_it(self, gateway: Gateway) -> str:
        return render_to_string("admin/gateways/trying/panel.html", trying_context(gateway))

    @admin.display(description="What a change would move")
    def impact(self, gateway: Gateway) -> str:
        return render_to_string("admin/gateways/impact.html", {"gateway": gateway})

    @admin.display(description="The last day")
    def last_day(self, gateway: Gateway) -> str:
        return render_to_string("admin/gateways/guard.html", {"gateway": gateway})


def _lines(screen: Screen, gateway: Gateway, may_change: bool) -> tuple[Any, ...]:
    """The screen's fields, and what stands beside them for those who may change them."""
    if screen is ACCESS:
        tried = ("try_it",) if trying_context(gateway) else ()
        urls = ("our_urls",) if used_urls(gateway) else ()
        return ("instructions", *screen.lines(gateway), *tried, "connection", *urls)
    if screen is CONDITIONS and may_change:
        return (*screen.lines(gateway), "impact")
    if screen is BLAST_GUARD:
        return ("last_day", *screen.lines(gateway))
    return screen.lines(gateway)
