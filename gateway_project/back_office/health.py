"""The pages of the go-live check list. They call nobody until a person asks them to."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from gateway_project.back_office.page import Page
from gateway_project.operations.doctor.calls import call_out
from gateway_project.operations.doctor.examination import examine, examine_house
from gateways.admin.scope import visible
from gateways.models import Label
from gateways.staff import label_ids_of


class Health(Page):
    """The list, with what providers and Smartico said when they were last asked."""

    path = "health/"
    name = "health"
    title = "Health"
    permission = "gateways.view_gateway"
    template_name = "admin/health.html"
    http_method_names = ("get",)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        house = [examine_house()] if label_ids_of(user) is None else []
        labels = visible(admin.site, self.request, Label).order_by("pk")
        reports = [*house, *map(examine, labels)]
        return super().get_context_data(
            reports=reports,
            label_count=len(reports) - len(house),
            may_call=HealthCheck.may_open(user),
            **kwargs,
        )


class HealthCheck(Page):
    """Has the providers and the Smartico of one label asked; answers its part of the list."""

    path = "health/<int:label_id>/check/"
    name = "health_check"
    permission = "gateways.change_gateway"
    http_method_names = ("post",)

    def post(self, request: HttpRequest, label_id: int) -> HttpResponse:
        label = get_object_or_404(visible(admin.site, request, Label), pk=label_id)
        call_out(label)
        if "HX-Request" not in request.headers:
            return redirect("admin:health")
        context = {"report": examine(label), "may_call": True}
        return render(request, "admin/health_report.html", context)
