"""A page that plays Smartico: it posts the real requests, from the browser, to the front door.

The page is given a test key, shows the answers, and then the callbacks as they are told.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from callbacks.models import CallbackDelivery, DeliveryAttempt
from gateway_project.back_office.page import Page
from gateway_project.back_office.smartico_requests import callback_url_for, kinds_of
from gateways import configuration
from gateways.admin.scope import visible
from gateways.callers import is_allowed_address
from gateways.models import Label
from gateways.test_keys import LIFETIME, mint
from messages_app.models import Message
from users.masking import mask_text
from users.models import EndUser

MAY_SEE_USERS = "users.view_enduser"
LOOKED_AT = 20
FOLLOWED_FOR = timedelta(minutes=15)
STOP_POLLING = 286
"""What htmx takes for the end of its asking."""


class BeSmartico(Page):
    path = "be-smartico/"
    name = "be_smartico"
    title = "Be Smartico"
    permission = "messages_app.test_message"
    template_name = "admin/be_smartico/page.html"
    http_method_names = ("get",)

    @classmethod
    def may_open(cls, user: Any) -> bool:
        return super().may_open(user) and bool(user.has_perm("gateways.add_key"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        labels = visible(admin.site, self.request, Label).order_by("pk")
        return super().get_context_data(labels=labels, **kwargs)


class BeSmarticoOf(BeSmartico):
    """The page with a key of this label in it, minted as it is asked for; nobody keeps it."""

    path = "be-smartico/<int:label_id>/"
    name = "be_smartico_of"
    template_name = "admin/be_smartico/desk.html"
    http_method_names = ("post",)

    def post(self, request: HttpRequest, label_id: int) -> HttpResponse:
        label = get_object_or_404(visible(admin.site, request, Label), pk=label_id)
        values = configuration.current_with(label).labels[label.pk]
        response = self.show(
            label=label,
            secret=mint(label, request.user),
            minutes=LIFETIME.seconds // 60,
            kinds=kinds_of(values),
            callback_url=callback_url_for(values),
            has_default_url=values.callback_url is not None,
            user_id=_sample_user_id(label) if request.user.has_perm(MAY_SEE_USERS) else "",
            preview_domain=next(iter(values.preview_domains), ""),
            is_refused=not is_allowed_address(values, request.META),
            asks_for_headers=values.required_headers is not None,
        )
        add_never_cache_headers(response)
        return response


class ToldSmartico(BeSmartico):
    """What has become of one message: asked for again and again while the page is open."""

    path = "be-smartico/message/<uuid:message_id>/"
    name = "told_smartico"
    template_name = "admin/be_smartico/told.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        message = _message(request, kwargs["message_id"])
        is_over = message.created_at < timezone.now() - FOLLOWED_FOR
        return render(
            request,
            self.template_name,
            {"message": message, "is_over": is_over},
            status=STOP_POLLING if is_over else 200,
        )


def _sample_user_id(label: Label) -> str:
    """The id of one of the label's users, unless it is an address itself."""
    ids = EndUser.objects.filter(label=label).values_list("ext_user_id", flat=True)[:LOOKED_AT]
    return next((one for one in ids if mask_text(one) == one), "")


def _message(request: HttpRequest, message_id: UUID) -> Message:
    """A message of this person's labels, with its callbacks in the order of their telling."""
    tries = Prefetch("delivery_attempts", DeliveryAttempt.objects.order_by("pk"))
    deliveries = CallbackDelivery.objects.order_by("pk").prefetch_related(tries)
    messages = visible(admin.site, request, Message).select_related("gateway")
    found: Message = get_object_or_404(
        messages.prefetch_related(Prefetch("callback_deliveries", deliveries)), pk=message_id
    )
    return found
