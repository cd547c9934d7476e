"""Back office pages of suppressions, and of those that were lifted."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode

from gateway_project.lib.confirming import confirmed_action, reason_in
from gateway_project.lib.paging import capped, in_figures
from gateway_project.lib.redaction import scrub
from gateway_project.lib.vocabulary import Closing
from gateways.admin.deeds import do
from gateways.auditing import actor_name
from gateways.models import Action
from gateways.models.audit import REASON_LENGTH
from users.addresses import email_index, phone_index
from users.found_by_address import FoundByAddressAdmin
from users.lifting import MAY_LIFT, lift_rows
from users.models import Lifting, Suppression


class ByAddressAdmin(FoundByAddressAdmin):
    """Rows about an address, of which they hold the index alone."""

    search_help_text = "e-mail, or number with country code"
    list_select_related = ("label",)
    show_full_result_count = False
    ordering = ("-pk",)

    def sought(self, text: str) -> Q:
        indexes = [index for index in (email_index(text), phone_index(text)) if index]
        return Q(address_index__in=indexes)


@admin.register(Suppression)
class SuppressionAdmin(ByAddressAdmin):
    when_empty = "No address is kept from being written to."
    list_display = ("id", "label", "channel", "reason", "created_at")
    list_filter = ("label", "channel", "reason")
    fields = readonly_fields = list_display
    list_before_template = "admin/users/suppressions_by_reason.html"
    change_form_outer_before_template = "admin/users/suppression.html"
    actions = ("lift",)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {"by_reason": self._by_reason(request), **(extra_context or {})}
        answer: HttpResponse = super().changelist_view(request, context)
        return answer

    def _by_reason(self, request: HttpRequest) -> list[dict[str, Any]]:
        """How many there are for each reason, on all channels of this person's labels."""
        rows = self.get_queryset(request)
        counts = [(reason, capped(rows.filter(reason=reason))) for reason in Closing]
        most = max(count for _, count in counts)
        return [
            {
                "title": reason.label,
                "value": in_figures(count),
                "link": f"?{urlencode({'reason__exact': reason})}" if count else "",
                "share": 100 * count // most if most else 0,
            }
            for reason, count in counts
        ]

    def has_lift_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_LIFT)

    @confirmed_action(
        description="Lift",
        permission="lift",
        question="Addresses that are written to again on their channels: {count}. "
        "Whoever complains or unsubscribes once more is closed once more.",
        asks_why=True,
    )
    def lift(self, request: HttpRequest, queryset: Any) -> None:
        reason = scrub(reason_in(request), kept=REASON_LENGTH)
        by = actor_name(request.user)
        act = partial(lift_rows, by=by, because=reason)
        count = do(request.user, Action.LIFTED, queryset, act, reason=reason)
        self.message_user(request, f"{count:,} lifted.")


@admin.register(Lifting)
class LiftingAdmin(ByAddressAdmin):
    when_empty = "No suppression was lifted."
    list_display = ("id", "label", "channel", "reason", "lifted_at", "lifted_by", "because")
    list_filter = ("label", "channel", "reason")
    fields = readonly_fields = (
        *("id", "label", "channel", "reason", "suppressed_at"),
        *("lifted_at", "lifted_by", "because"),
    )
