"""Back office pages of end users and suppressions. Addresses are masked on all of them."""

import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.paging import CappedPaginator
from gateway_project.lib.personal import Personal
from gateways.admin.page import ReadOnlyPage
from gateways.auditing import record
from gateways.models import Action
from users.addresses import email_index, phone_index
from users.masking import mask_email, mask_phone, mask_text, mask_values
from users.models import EndUser, MissingUser, Suppression
from users.reveal_page import SEALED_SHUT, RevealingPage

MOST_FOUND = 50


class FoundByAddressAdmin(ReadOnlyPage):
    """A list that is searched by POST: what is typed may be an address, and stays out of URLs."""

    paginator = CappedPaginator

    def get_urls(self) -> list[URLPattern]:
        find = self.admin_site.admin_view(require_POST(self.find_view))
        return [path("find/", find, name=f"{self._name}_find"), *super().get_urls()]

    def find_view(self, request: HttpRequest) -> HttpResponse:
        """Leads to the list of what was found, named by keys."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        page = reverse(f"admin:{self._name}_changelist")
        text = request.POST.get("sought", "").replace("\x00", "").strip()
        rows = self.get_queryset(request).filter(self.sought(text))
        found = rows.values_list("pk", flat=True)[:MOST_FOUND]
        if email_index(text) or phone_index(text):
            changes = {"by": "address", "found": len(found)}
            record(request.user, Action.SEARCHED, self.model, changes=changes)
        if not found:
            self.message_user(request, "Nothing was found.", messages.WARNING)
            return redirect(page)
        keys = ",".join(str(pk) for pk in found)
        return redirect(f"{page}?{urlencode({'id__in': keys})}")

    def sought(self, text: str) -> Q:
        """What is looked for when this was typed."""
        raise NotImplementedError

    @property
    def _name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"


@admin.register(EndUser)
class EndUserAdmin(RevealingPage, FoundByAddressAdmin):
    when_empty = "Bring your users with manage.py import_users, or send them to /platform/v1/users."
    search_help_text = "ext_user_id, e-mail, or number with country code"
    list_display = (
        *("id", "known_as", "label", "brand"),
        *("masked_email", "masked_phone", "updated_at"),
    )
    list_filter = ("label", "brand")
    list_select_related = ("label", "brand")
    show_full_result_count = False
    ordering = ("-pk",)
    fields = readonly_fields = (
        *("id", "known_as", "label", "brand", "masked_email", "masked_phone"),
        *("masked_properties", "created_at", "updated_at"),
    )

    def sought(self, text: str) -> Q:
        by_id, email, phone = Q(ext_user_id=text), email_index(text), phone_index(text)
        if email:
            return by_id | Q(email_index=email)
        return by_id | Q(phone_index=phone) if phone else by_id

    @admin.display(description="ext_user_id")
    def known_as(self, user: EndUser) -> str:
        return mask_text(user.ext_user_id)

    @admin.display(description="e-mail")
    def masked_email(self, user: EndUser) -> str | None:
        return _masked(user.email, mask_email)

    @admin.display(description="phone")
    def masked_phone(self, user: EndUser) -> str | None:
        country = user.properties.get("country")
        return _masked(user.phone, lambda phone: mask_phone(phone, country))

    def masked(self, user: EndUser, part: str) -> str | None:
        return self.masked_email(user) if part == "email" else self.masked_phone(user)

    @admin.display(description="properties")
    def masked_properties(self, user: EndUser) -> str:
        return json.dumps(mask_values(user.properties), ensure_ascii=False)


@admin.register(Suppression)
class SuppressionAdmin(FoundByAddressAdmin):
    when_empty = "No address is kept from being written to."
    search_help_text = "e-mail, or number with country code"
    list_display = ("id", "label", "channel", "reason", "created_at")
    list_filter = ("label", "channel", "reason")
    list_select_related = ("label",)
    show_full_result_count = False
    ordering = ("-pk",)
    fields = readonly_fields = list_display

    def sought(self, text: str) -> Q:
        indexes = [index for index in (email_index(text), phone_index(text)) if index]
        return Q(address_index__in=indexes)


@admin.register(MissingUser)
class MissingUserAdmin(ReadOnlyPage):
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


def _masked(address: Personal | None, mask: Any) -> str | None:
    if address is None:
        return None
    try:
        return str(mask(address.reveal()))
    except Undecryptable:
        return SEALED_SHUT
