"""A page that makes one call to Smartico, and resumes a label's callbacks if its key is taken."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from callbacks.models import CallbackDelivery
from callbacks.resuming import resume
from gateway_project.back_office.page import Page
from gateway_project.lib.paging import capped, in_figures
from gateways.admin.scope import visible
from gateways.models import Label


class ResumeCallbacks(Page):
    """Opening it calls nobody."""

    path = "resume-callbacks/<int:label_id>/"
    name = "resume_callbacks"
    title = "Test call to Smartico"
    permission = "gateways.change_label"
    template_name = "admin/resume_callbacks.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        label = self.label(kwargs["label_id"])
        owed = capped(CallbackDelivery.objects.owed().filter(label=label))
        return self.show(label=label, owed=owed, owed_in_figures=in_figures(owed))

    def post(self, request: HttpRequest, label_id: int) -> HttpResponse:
        label = self.label(label_id)
        tried = resume(label, request.user)
        if not tried.is_taken:
            text = f"Smartico: {tried.text}. Nothing goes on."
            messages.error(request, text)
            return redirect("admin:resume_callbacks", label.pk)
        messages.success(request, f"Smartico: {tried.text}. Callbacks go on.")
        return redirect("admin:gateways_label_change", label.pk)

    def label(self, label_id: int) -> Label:
        """One of this person's."""
        found: Label = get_object_or_404(visible(admin.site, self.request, Label), pk=label_id)
        return found
