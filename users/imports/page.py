"""Back office pages of imports: a file is uploaded, how far it has come, what was wrong with it."""

from typing import Any, Final

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_GET, require_POST

from gateway_project.lib.admin import display, dress
from gateway_project.lib.paging import CappedPaginator
from gateway_project.lib.spreadsheets import as_csv
from gateways.admin.page import ReadOnlyPage
from gateways.admin.scope import visible
from gateways.models import Label
from users.imports.beginning import Order
from users.imports.models import ImportFormat, ImportRun, ImportState
from users.imports.running import give_up, problems
from users.imports.uploads import (
    MOST_BYTES,
    PART_BYTES,
    BadPart,
    complete,
    expect,
    import_tried,
    receive,
)
from users.reading import SUFFIXES, format_of

MAY_IMPORT: Final = "users.import_enduser"
SHOWN_PROBLEMS: Final = 20
SUFFIXES_TAKEN: Final = ",".join([*SUFFIXES, ".txt"])
TOO_LARGE: Final = (
    f"The file is over {MOST_BYTES // 1024**2} MB: import it with manage.py import_users, "
    "which takes a file of any size."
)
NO_FORMAT: Final = "The file's name does not say what it is: choose CSV or NDJSON."
GONE: Final = "The file is not kept any more: upload it again."


class UploadForm(forms.Form):
    """What is known of a file before its first byte comes. Its bytes are posted in parts."""

    label = forms.ModelChoiceField(Label.objects.none(), empty_label=None)
    file = forms.FileField(
        required=False,
        help_text=f"CSV or NDJSON, of at most {MOST_BYTES // 1024**2} MB.",
        widget=forms.ClearableFileInput(attrs={"required": True, "accept": SUFFIXES_TAKEN}),
    )
    file_name = forms.CharField(widget=forms.HiddenInput)
    size = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    format = forms.ChoiceField(
        choices=[("", "As its name says"), *ImportFormat.choices], required=False
    )
    dry_run = forms.BooleanField(
        label="Only try it",
        required=False,
        initial=True,
        help_text="Everything is checked and counted, nothing is written. Import it afterwards.",
    )
    empty_clears = forms.BooleanField(
        label="Empty cells clear",
        required=False,
        help_text="Otherwise an empty cell of a CSV file keeps what is stored.",
    )

    def __init__(self, labels: Any, *args: Any) -> None:
        super().__init__(*args)
        self.fields["label"].queryset = labels  # type: ignore[attr-defined]
        for field in self.fields.values():
            dress(field)

    def clean_size(self) -> int:
        size: int = self.cleaned_data["size"]
        if size > MOST_BYTES:
            raise forms.ValidationError(TOO_LARGE)
        return size

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = self.cleaned_data
        cleaned["format"] = cleaned.get("format") or format_of(cleaned.get("file_name", ""))
        if not cleaned["format"]:
            raise forms.ValidationError(NO_FORMAT)
        return cleaned

    @property
    def problem(self) -> str:
        """The first thing that is wrong."""
        return str(next(iter(self.errors.values()))[0])

    def order(self) -> Order:
        given = self.cleaned_data
        return Order(
            label_id=given["label"].pk,
            file_name=given["file_name"],
            format=given["format"],
            empty_clears=given["empty_clears"],
            dry_run=given["dry_run"],
        )


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyPage):
    when_empty = "Import the first file of users, here or with manage.py import_users."
    paginator = CappedPaginator
    list_display = (
        *("started_at", "label", "file_name", "stands", "is_tried"),
        *("created", "changed", "unchanged", "bad", "asked_by_name"),
    )
    list_filter = ("label", "state")
    list_select_related = ("label", "asked_by")
    show_full_result_count = False
    ordering = ("-pk",)
    fields = readonly_fields = (
        *("label", "file_name", "format", "how_large", "empty_clears", "is_tried"),
        *("asked_by_name", "started_at"),
    )
    change_form_outer_before_template = "admin/users/import/standing.html"

    def get_urls(self) -> list[URLPattern]:
        views = (
            ("parts/<int:number>/", require_POST(self.part_view), "part"),
            ("complete/", require_POST(self.complete_view), "complete"),
            ("progress/", require_GET(self.progress_view), "progress"),
            ("problems/", require_GET(self.problems_view), "problems"),
            ("import/", require_POST(self.import_view), "import"),
            ("give-up/", require_POST(self.give_up_view), "give_up"),
        )
        own = [
            path(
                f"<uuid:run_id>/{route}",
                self.admin_site.admin_view(view),
                name=f"users_importrun_{name}",
            )
            for route, view, name in views
        ]
        return [*own, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(MAY_IMPORT))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page to choose a file on; a POST begins the upload and says where its parts go."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        labels = visible(self.admin_site, request, Label).order_by("pk")
        if request.method == "POST":
            return _begin(UploadForm(labels, request.POST), request.user)
        context = {
            **self.admin_site.each_context(request),
            "title": "Import users",
            "opts": self.opts,
            "form": UploadForm(labels),
            "part_bytes": PART_BYTES,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/users/import/upload.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        context = {**(_standing(request, run) if run else {}), **(extra_context or {})}
        answer: HttpResponse = super().change_view(request, object_id, form_url, context)
        return answer

    def part_view(self, request: HttpRequest, run_id: Any, number: int) -> HttpResponse:
        try:
            receive(self._run(request, run_id, MAY_IMPORT), number, request.body)
        except BadPart as bad:
            return _problem(str(bad))
        return HttpResponse(status=204)

    def complete_view(self, request: HttpRequest, run_id: Any) -> HttpResponse:
        run = self._run(request, run_id, MAY_IMPORT)
        try:
            complete(run)
        except BadPart as bad:
            return _problem(str(bad))
        return JsonResponse({"page": reverse("admin:users_importrun_change", args=[run.pk])})

    def progress_view(self, request: HttpRequest, run_id: Any) -> HttpResponse:
        standing = _standing(request, self._run(request, run_id))
        return TemplateResponse(request, "admin/users/import/progress.html", standing)

    def problems_view(self, request: HttpRequest, run_id: Any) -> StreamingHttpResponse:
        """The bad lines as CSV, row by row."""
        run = self._run(request, run_id)
        answer = StreamingHttpResponse(as_csv(problems(run)), content_type="text/csv")
        answer["Content-Disposition"] = f'attachment; filename="import-{run.pk}-problems.csv"'
        return answer

    def import_view(self, request: HttpRequest, run_id: Any) -> HttpResponseRedirect:
        run = self._run(request, run_id, MAY_IMPORT)
        meant = import_tried(run, request.user)
        if meant is None:
            self.message_user(request, GONE, "error")
        return redirect("admin:users_importrun_change", (meant or run).pk)

    def give_up_view(self, request: HttpRequest, run_id: Any) -> HttpResponseRedirect:
        run = self._run(request, run_id, MAY_IMPORT)
        give_up(run, request.user)
        self.message_user(request, "Given up. What was uploaded is removed.")
        return redirect("admin:users_importrun_change", run.pk)

    @display(
        description="state",
        label={"running": "info", "done": "success", "not a file of users": "danger"},
    )
    def stands(self, run: ImportRun) -> str:
        return run.get_state_display()

    @admin.display(description="size")
    def how_large(self, run: ImportRun) -> str:
        return "not known" if run.size is None else filesizeformat(run.size)

    @admin.display(description="only tried", boolean=True)
    def is_tried(self, run: ImportRun) -> bool:
        return run.dry_run

    @admin.display(description="by")
    def asked_by_name(self, run: ImportRun) -> str:
        return run.asked_by.get_username() if run.asked_by else "import_users"

    def _run(self, request: HttpRequest, run_id: Any, right: str = "") -> ImportRun:
        if not self.has_view_permission(request) or (right and not request.user.has_perm(right)):
            raise PermissionDenied
        found: ImportRun | None = self.get_object(request, str(run_id))
        if found is None:
            raise Http404
        return found


def _begin(form: UploadForm, actor: Any) -> HttpResponse:
    if not form.is_valid():
        return _problem(form.problem)
    run = expect(form.order(), form.cleaned_data["size"], actor)
    return JsonResponse(
        {
            "parts": reverse("admin:users_importrun_part", args=[run.pk, 0]).removesuffix("0/"),
            "complete": reverse("admin:users_importrun_complete", args=[run.pk]),
        }
    )


def _problem(text: str) -> JsonResponse:
    return JsonResponse({"problem": text}, status=400)


def _standing(request: HttpRequest, run: ImportRun) -> dict[str, Any]:
    """What the page shows of how far it has come, and what may be done."""
    may_import = request.user.has_perm(MAY_IMPORT)
    is_uploaded = run.parts.exists()
    return {
        "run": run,
        "problems": run.problems.order_by("line")[:SHOWN_PROBLEMS],
        "is_followed": run.state == ImportState.RUNNING,
        "may_import": may_import and run.dry_run and run.has_ended and is_uploaded,
        "may_give_up": may_import and (run.state == ImportState.UPLOADING or is_uploaded),
    }
