"""What the blast guard has learnt of a gateway: a part of the gateway's page."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from gateway_project.back_office.guard.picture import HOURS, picture
from gateway_project.back_office.page import Page
from gateway_project.lib.clock import database_now
from gateways import configuration
from gateways.staff import labels_of
from messages_app.guarding.reading import counts_by_hour, hour_of, past_of, strikes_of
from messages_app.guarding.verdict import HOUR


class GuardPicture(Page):
    """The last day, hour by hour, and what would have been too much. Drawn by the saved limits."""

    path = "guard/<int:gateway_id>/"
    name = "guard_picture"
    title = "Blast guard"
    permission = "gateways.view_gateway"
    template_name = "admin/gateways/guard_picture.html"
    http_method_names = ("get",)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        gateway = configuration.current().gateways.get(kwargs["gateway_id"])
        if gateway is None or gateway.label_id not in {each.id for each in labels_of(request.user)}:
            raise Http404
        hour = hour_of(database_now())
        since = hour - HOURS * HOUR
        drawn = picture(
            gateway.guard,
            past_of(gateway.id, hour),
            counts_by_hour(gateway.id, since, hour + HOUR),
            strikes_of(gateway.id, since),
            hour,
        )
        return self.show(guard=gateway.guard, picture=drawn)
