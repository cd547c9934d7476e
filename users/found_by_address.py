"""Lists of rows that people find by somebody's address."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from gateway_project.lib.paging import CappedPaginator
from gateways.admin.page import ReadOnlyPage
from gateways.auditing import record
from gateways.models import Action
from users.addresses import email_index, phone_index

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
