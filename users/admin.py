"""Back office pages of end users. Addresses are masked on all of them."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import Q

from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.personal import Personal
from gateways import configuration
from users.addresses import email_index, phone_index
from users.erasing import user_digest
from users.found_by_address import FoundByAddressAdmin
from users.imports import page as imports  # noqa: F401  Django finds an app's pages from here
from users.masking import mask_email, mask_phone, mask_text, mask_values
from users.missing_page import MissingUserAdmin
from users.models import EndUser, ErasureProof
from users.reveal_page import SEALED_SHUT, RevealingPage
from users.subject_page import SubjectPage
from users.suppression_page import LiftingAdmin, SuppressionAdmin

__all__ = [
    "EndUserAdmin",
    "ErasureProofAdmin",
    "LiftingAdmin",
    "MissingUserAdmin",
    "SuppressionAdmin",
]


@admin.register(EndUser)
class EndUserAdmin(SubjectPage, RevealingPage, FoundByAddressAdmin):
    list_before_template = "admin/users/import/link.html"
    when_empty = "Import a file of users, or send them to /platform/v1/users."
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
        email, phone = email_index(text), phone_index(text)
        if email:
            return Q(email_index=email)
        # An address is looked for by its index alone: servers write slow statements to their log.
        return Q(phone_index=phone) if phone else Q(ext_user_id=text)

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


@admin.register(ErasureProof)
class ErasureProofAdmin(FoundByAddressAdmin):
    """Found by the ext_user_id, which stands nowhere in it."""

    when_empty = "Nobody has been erased yet."
    search_help_text = "ext_user_id"
    list_display = ("id", "label", "erased_at", "erased_by", "reason", "messages")
    list_filter = ("label", "erased_by")
    list_select_related = ("label",)
    show_full_result_count = False
    ordering = ("-pk",)
    fields = readonly_fields = (
        *("id", "label", "end_user_id", "erased_at", "erased_by", "reason"),
        *("addresses", "messages", "messages_not_sent"),
    )

    def sought(self, text: str) -> Q:
        labels = configuration.current().labels
        return Q(user_digest__in=[user_digest(label_id, text) for label_id in labels])

    @admin.display(description="addresses removed")
    def addresses(self, proof: ErasureProof) -> int:
        return int(proof.removed.get("addresses", 0))

    @admin.display(description="messages emptied")
    def messages(self, proof: ErasureProof) -> int:
        return int(proof.removed.get("messages", 0))

    @admin.display(description="of these not sent")
    def messages_not_sent(self, proof: ErasureProof) -> int:
        return int(proof.removed.get("messages_not_sent", 0))


def _masked(address: Personal | None, mask: Any) -> str | None:
    if address is None:
        return None
    try:
        return str(mask(address.reveal()))
    except Undecryptable:
        return SEALED_SHUT
