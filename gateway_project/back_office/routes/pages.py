"""The pages that say which gateway a message takes."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse

from gateway_project.back_office.page import Page
from gateway_project.back_office.routes.change import changed_gateway, label_with
from gateway_project.back_office.routes.explaining import (
    Explanation,
    explain_made_up,
    explain_preview,
    explain_user,
    property_names,
)
from gateway_project.back_office.routes.form import Kind, LabelForm, SubjectForm
from gateway_project.back_office.routes.grid import grids
from gateway_project.lib.protocol import ErrorCode
from gateway_project.lib.vocabulary import Channel
from gateways import configuration
from gateways.impact import Impact, impact
from gateways.models import Brand, Label
from gateways.staff import labels_of
from gateways.values import GatewayValues, LabelValues
from messages_app.passengers import last_passengers


class RoutesPage(Page):
    """Explains the routes of a label's messages, and shows what its gateways cover."""

    path = "routes/"
    name = "routes"
    title = "Routes"
    permission = "gateways.view_gateway"
    template_name = "admin/routes/page.html"

    @classmethod
    def may_open(cls, user: Any) -> bool:
        return super().may_open(user) and bool(user.has_perm("users.view_enduser"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(no_gateway=ErrorCode.NO_GATEWAY, **kwargs)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        labels = labels_of(request.user)
        if not labels:
            return self.show()
        label = _chosen(labels, request.GET.get("label", str(labels[0].id)))
        brands = brand_names(label)
        rows = Label.objects.filter(pk__in=[row.id for row in labels]).order_by("pk")
        return self.show(
            label_form=LabelForm(dict(rows.values_list("pk", "name")), label.id),
            has_choice=len(labels) > 1,
            label=label,
            form=SubjectForm(brands, property_names(label)),
            grids=grids(label, brands),
            uncovered=_uncovered(label),
        )


class RouteExplanation(RoutesPage):
    """The explainer's answer: a part of the page, asked for by POST."""

    path = "routes/<int:label_id>/explain/"
    name = "route_explanation"
    template_name = "admin/routes/explanation.html"
    http_method_names = ("post",)

    def post(self, request: HttpRequest, label_id: int) -> HttpResponse:
        label = _chosen(labels_of(request.user), str(label_id))
        brands = brand_names(label)
        form = SubjectForm(brands, property_names(label), request.POST)
        if not form.is_valid():
            return self.show(errors=form.errors.values())
        explanation = _explained(label, form)
        person = explanation.person
        return self.show(
            explanation=explanation,
            brand=brands.get(person.brand_id or 0) if person else None,
            candidates=[
                (verdict, brands.get(verdict.gateway.brand_id or 0, "any brand"))
                for verdict in explanation.verdicts
            ],
        )


def brand_names(label: LabelValues) -> dict[int, str]:
    """The label's brands by id."""
    rows = Brand.objects.filter(label=label.id, is_active=True).order_by("pk")
    return dict(rows.values_list("pk", "name"))


def _chosen(labels: list[LabelValues], label_id: str) -> LabelValues:
    """That label, if it is one of this person's."""
    for label in labels:
        if str(label.id) == label_id:
            return label
    raise Http404


def _uncovered(label: LabelValues) -> list[Channel]:
    used = {gateway.channel for gateway in label.gateways}
    return [channel for channel in Channel if channel not in used]


def _explained(label: LabelValues, form: SubjectForm) -> Explanation:
    asked = form.cleaned_data
    channel = Channel(asked["channel"])
    if asked["kind"] == Kind.USER:
        return explain_user(label, channel, asked["ext_user_id"])
    if asked["kind"] == Kind.PREVIEW:
        return explain_preview(label, asked["brand"])
    return explain_made_up(label, channel, asked["brand"], form.properties())


class RouteImpact(Page):
    """What a gateway's form, as it is typed, would do: a part of that form's page."""

    path = "route-impact/<int:gateway_id>/"
    name = "route_impact"
    title = "Impact"
    permission = "gateways.change_gateway"
    template_name = "admin/routes/impact.html"
    http_method_names = ("post",)

    def post(self, request: HttpRequest, gateway_id: int) -> HttpResponse:
        gateway = configuration.current().gateways.get(gateway_id)
        if gateway is None:
            raise Http404
        label = _chosen(labels_of(request.user), str(gateway.label_id))
        try:
            changed = changed_gateway(gateway, label, request.POST)
        except ValidationError as error:
            return self.show(errors=error.messages)
        return self.show(impact=_impact(label, changed), gateway=changed)


def _impact(label: LabelValues, changed: GatewayValues) -> Impact:
    after = label_with(label, changed)
    names = sorted({name for gateway in (*label.gateways, changed) for name in gateway.filters})
    return impact(
        label.gateways,
        after,
        channel=changed.channel,
        passengers=last_passengers(label.id, changed.channel, names),
    )
