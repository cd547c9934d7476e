"""Deeds on labels about whom opt-outs are told to."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from gateway_project.lib.confirming import confirmed_action
from gateway_project.lib.transactions import writing
from gateways.models import Label
from gateways.opt_outs import end_old_webhook_secrets, renew_webhook_secret


class OptOutDeeds:
    """Makes and ends secrets of the platform's webhook, and goes on where telling was suspended."""

    @confirmed_action(
        description="New opt-out webhook secret",
        permission="change",
        question="Labels that get a new secret for their opt-out webhook: {count}. It is shown "
        "once. The one of before signs beside it until you end it, an older one ends now.",
    )
    def renew_opt_out_secret(
        self, request: HttpRequest, queryset: QuerySet[Label]
    ) -> HttpResponse | None:
        with writing():
            labels = list(queryset.select_for_update(of=("self",))[:2])
            if len(labels) != 1:
                self.message_user(request, "One label at a time.", messages.WARNING)  # type: ignore[attr-defined]
                return None
            label = labels[0]
            made = renew_webhook_secret(label)
            self.log_change(request, label, {"opt_out_webhook_secrets": "renewed"})  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "opts": self.opts,  # type: ignore[attr-defined]
            "title": "The webhook's new secret",
            "label": label,
            "secret": made.reveal(),
        }
        return TemplateResponse(request, "admin/gateways/label/webhook_secret.html", context)

    @confirmed_action(
        description="End the old opt-out webhook secret",
        permission="change",
        question="Labels whose opt-outs are signed by their newest secret only: {count}.",
        narrow=lambda labels: labels.exclude(opt_out_webhook_secrets=None),
    )
    def end_old_opt_out_secret(self, request: HttpRequest, queryset: QuerySet[Label]) -> None:
        with writing():
            labels = list(queryset.select_for_update(of=("self",)))
            for label in labels:
                end_old_webhook_secrets(label)
                self.log_change(request, label, {"opt_out_webhook_secrets": "old one ended"})  # type: ignore[attr-defined]
        self.message_user(request, f"{len(labels)} done.")  # type: ignore[attr-defined]

    @confirmed_action(
        description="Resume telling opt-outs",
        permission="change",
        question="Labels whose opt-outs are told again: {count}. What waits is told at once.",
        narrow=lambda labels: labels.exclude(opt_outs_suspended={}),
    )
    def resume_opt_outs(self, request: HttpRequest, queryset: QuerySet[Label]) -> None:
        with writing():
            suspended = list(queryset.select_for_update(of=("self",)))
            Label.objects.filter(pk__in=[label.pk for label in suspended]).update(
                opt_outs_suspended={}
            )
            for label in suspended:
                changes: dict[str, Any] = {"opt_outs_suspended": [label.opt_outs_suspended, {}]}
                self.log_change(request, label, changes)  # type: ignore[attr-defined]
        self.message_user(request, f"{len(suspended)} resumed.")  # type: ignore[attr-defined]
