"""The creation wizard: each has its draft's row, so Back, reload and a second tab lose nothing."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from gateway_project.lib.transactions import writing
from gateways import drafts
from gateways.admin.access import access_context
from gateways.admin.choosing import ChoiceForm, cards, kind_of
from gateways.admin.gateway_form import GatewayForm, form_for
from gateways.admin.scope import visible
from gateways.admin.screens import ACCESS, CONDITIONS, Screen, provider_title, screens_of
from gateways.admin.sections import GroupedForm
from gateways.admin.steps import CONFIRM, Step, furthest, steps_of
from gateways.admin.summary import summary
from gateways.admin.trying import trying_context
from gateways.auditing import record
from gateways.models import Action, Gateway, Label

BACK, NOT_YET = "_back", "_not_yet"


class Wizard:
    """The pages on which a gateway is created, for the page of gateways to derive from."""

    admin_site: Any
    opts: Any
    media: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        steps = path(
            "<int:pk>/wizard/<slug:step>/", view(self.step_view), name="gateways_gateway_wizard"
        )
        discard = path(
            "<int:pk>/discard/", view(self.discard_view), name="gateways_gateway_discard"
        )
        return [steps, discard, *super().get_urls()]  # type: ignore[misc]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The first page: a card is chosen, and the draft begins."""
        self._check_may_add(request)
        kind = kind_of(request.GET.get("kind", ""))
        labels = visible(self.admin_site, request, Label)
        form = ChoiceForm(request.POST or None, labels=labels, kind=kind)
        if not form.is_valid():
            context = {"form": form, "groups": cards(kind), "list_url": self._list_url(kind)}
            return self._page(request, "choose", "Create a gateway", context)
        label = form.cleaned_data["label"]
        draft = drafts.begin(label, channel=form.channel, provider=form.provider)
        return _to(draft, CONDITIONS.key)

    def step_view(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """One screen, or the confirmation; it opens when those before it are filled in."""
        self._check_may_add(request)
        if request.method == "POST":
            with writing():
                return self._step(request, self._draft(request, pk, is_locked=True), step)
        return self._step(request, self._draft(request, pk), step)

    def discard_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Deletes a draft, with all that was typed; asks first."""
        self._check_may_add(request)
        with writing():
            draft = self._draft(request, pk, is_locked=True)
            if not draft.is_draft:
                return self._leave(request, draft)
            if request.method != "POST":
                return self._page(request, "discard", "Discard the draft", {"draft": draft})
            draft.delete()
        messages.success(request, "The draft was discarded.")
        return HttpResponseRedirect(self._list_url(kind_of(draft.channel)))

    def _step(self, request: HttpRequest, draft: Gateway, key: str) -> HttpResponse:
        if not draft.is_draft:
            return self._leave(request, draft)
        steps = steps_of(draft)
        step = next((step for step in steps if step.key == key), None)
        if step is None:
            raise Http404
        if not step.is_open:
            return _to(draft, furthest(steps).key)
        return (self._confirm if key == CONFIRM else self._fill_in)(request, draft, step, steps)

    def _fill_in(
        self, request: HttpRequest, draft: Gateway, step: Step, steps: Sequence[Step]
    ) -> HttpResponse:
        screen = next(screen for screen in screens_of(draft) if screen.key == step.key)
        form = self._form(request, draft, [screen])
        if form.is_valid():
            form.save()
            turn = -1 if BACK in request.POST else 1
            return _to(draft, steps[steps.index(step) + turn].key)
        fieldsets = [(None, {"fields": screen.lines(draft)})]
        context = {
            "adminform": GroupedForm(form, fieldsets, {}, (), self),
            "media": self.media + form.media,
            **(access_context(draft) | trying_context(draft) if screen is ACCESS else {}),
        }
        return self._step_page(request, draft, step, steps, context)

    def _confirm(
        self, request: HttpRequest, draft: Gateway, step: Step, steps: Sequence[Step]
    ) -> HttpResponse:
        if request.method != "POST":
            context = {"parts": summary(self._form(request, draft, screens_of(draft)))}
            return self._step_page(request, draft, step, steps, context)
        drafts.finish(draft, is_active=NOT_YET not in request.POST)
        record(request.user, Action.ADDED, draft, changes={"is_active": [None, draft.is_active]})
        state = "is active" if draft.is_active else "was created, and is not active yet"
        messages.success(request, f"{draft} {state}.")
        return HttpResponseRedirect(reverse("admin:gateways_gateway_change", args=[draft.pk]))

    def _form(self, request: HttpRequest, draft: Gateway, screens: Sequence[Screen]) -> GatewayForm:
        cls = form_for(draft, screens)
        columns = [
            name for screen in screens for name in screen.fields(draft) if name in screen.columns
        ]
        drawn = self.get_form(request, draft, form=cls, fields=columns)  # type: ignore[attr-defined]
        form: GatewayForm = drawn(request.POST or None, instance=draft)
        return form

    def _draft(self, request: HttpRequest, pk: int, *, is_locked: bool = False) -> Gateway:
        """A draft of this person's labels, or what has become of it; else a 404."""
        rows = self.rows_of_labels(request)  # type: ignore[attr-defined]
        rows = rows.select_for_update(of=("self",)) if is_locked else rows
        found: Gateway = get_object_or_404(rows.select_related("label"), pk=pk)
        request.kind = kind_of(found.channel)  # type: ignore[attr-defined]
        return found

    def _check_may_add(self, request: HttpRequest) -> None:
        if not self.has_add_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied

    def _leave(self, request: HttpRequest, gateway: Gateway) -> HttpResponse:
        messages.info(request, f"{gateway} was created already.")
        return HttpResponseRedirect(reverse("admin:gateways_gateway_change", args=[gateway.pk]))

    def _list_url(self, kind: str) -> str:
        path = reverse("admin:gateways_gateway_changelist")
        return f"{path}?kind={kind}" if kind else path

    def _step_page(
        self,
        request: HttpRequest,
        draft: Gateway,
        step: Step,
        steps: Sequence[Step],
        context: dict[str, Any],
    ) -> HttpResponse:
        common = {
            "draft": draft,
            "provider_title": provider_title(draft),
            "step": step,
            "steps": steps,
            "previous": steps[steps.index(step) - 1] if step.number > 1 else None,
            "list_url": self._list_url(kind_of(draft.channel)),
        }
        name = "confirm" if step.key == CONFIRM else "step"
        title = f"New {draft.get_channel_display()} gateway"
        return self._page(request, name, title, common | context)

    def _page(
        self, request: HttpRequest, name: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        page = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        template = f"admin/gateways/wizard/{name}.html"
        return TemplateResponse(request, template, {**page, "media": self.media, **context})


def _to(draft: Gateway, step: str) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:gateways_gateway_wizard", args=[draft.pk, step]))
