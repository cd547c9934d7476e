"""Search by any id, from everywhere."""

from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from gateway_project.back_office.page import Page
from gateways.staff import labels_of
from messages_app.finding import messages_known_as
from messages_app.models import UID_LENGTH, Message
from users.directory import users_known_as
from users.masking import mask_text
from users.models import EndUser

SEES_MESSAGES, SEES_USERS = "messages_app.view_message", "users.view_enduser"


class FindPage(Page):
    """Leads to the one row that is known by what was typed, or lists them.

    What is typed may be an address: it is posted, and never repeated.
    """

    path = "find/"
    name = "find"
    title = "Find"
    template_name = "admin/find.html"

    @classmethod
    def may_open(cls, user: Any) -> bool:
        return bool(user.has_perm(SEES_MESSAGES) or user.has_perm(SEES_USERS))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.show()

    def post(self, request: HttpRequest) -> HttpResponse:
        text = request.POST.get("sought", "").replace("\x00", "").strip()
        messages, users = _found(request.user, text)
        rows: list[Model] = [*messages, *users]
        if len(rows) == 1:
            return redirect(
                f"admin:{rows[0]._meta.app_label}_{rows[0]._meta.model_name}_change", rows[0].pk
            )
        return self.show(
            has_sought=True,
            messages_found=messages,
            users_found=[(user, mask_text(user.ext_user_id)) for user in users],
        )


def _found(person: Any, text: str) -> tuple[list[Message], list[EndUser]]:
    """What this person may see of it."""
    if not text or len(text) > UID_LENGTH:
        return [], []
    labels = labels_of(person)
    label_ids = [label.id for label in labels]
    messages = messages_known_as(text, label_ids) if person.has_perm(SEES_MESSAGES) else []
    return messages, users_known_as(text, labels) if person.has_perm(SEES_USERS) else []
