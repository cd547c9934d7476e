"""The page of missing users: what the radar saw, what may explain it, and the list of them."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from gateway_project.lib.clock import database_now
from gateway_project.lib.paging import CappedPaginator
from gateways.admin.exported import CHUNK, Exported
from gateways.admin.page import ReadOnlyPage
from gateways.staff import labels_of
from users.masking import mask_text
from users.missing import UNLISTED
from users.models import MissingUser
from users.prefixes import clue
from users.radar_picture import BY_BRAND, BY_LABEL, picture

COLUMNS = ("ext_user_id", "label", "brand", "times", "first asked at", "last asked at")


@admin.register(MissingUser)
class MissingUserAdmin(Exported, ReadOnlyPage):
    """Who comes is listed no more; the radar keeps the count."""

    when_empty = "Whoever Smartico has asked for is known."
    list_before_template = "admin/users/radar.html"
    export_right = "users.export_missinguser"
    export_name = "missing-users"
    paginator = CappedPaginator
    list_display = ("known_as", "label", "brand", "times", "first_asked_at", "last_asked_at")
    list_filter = ("label", "brand")
    list_select_related = ("label", "brand")
    show_full_result_count = False
    ordering = ("-times", "-pk")
    fields = readonly_fields = list_display

    @admin.display(description="ext_user_id")
    def known_as(self, user: MissingUser) -> str:
        return mask_text(user.ext_user_id) or "(others, too many to list)"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        visible = {label.id: label for label in labels_of(request.user)}
        label_ids = _named(request, BY_LABEL) & visible.keys() or visible.keys()
        clues = [
            (visible[label_id], found, reverse("admin:gateways_label_change", args=[label_id]))
            for label_id in sorted(label_ids)
            if (found := clue(visible[label_id])) is not None
        ]
        context = {
            "radar": picture(database_now(), label_ids, _named(request, BY_BRAND)),
            "clues": clues,
            "is_of_many_labels": len(visible) > 1,
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def exported(self, rows: Any) -> Iterator[tuple[object, ...]]:
        """Those that are listed by their whole ids, the most asked for first."""
        yield COLUMNS
        listed = rows.exclude(ext_user_id=UNLISTED).select_related("label", "brand")
        for user in listed.iterator(chunk_size=CHUNK):
            yield (
                *(user.ext_user_id, user.label.slug, user.brand and user.brand.slug, user.times),
                *(user.first_asked_at.isoformat(), user.last_asked_at.isoformat()),
            )


def _named(request: HttpRequest, parameter: str) -> set[int]:
    """The keys that the address names; what is none is refused by the list itself."""
    texts = request.GET.getlist(parameter)
    return {int(text) for text in texts if text.isdecimal() and len(text) < 19}
