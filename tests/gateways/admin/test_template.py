import json

from django.urls import reverse

from gateways.models import Template
from tests.factories import LabelFactory, TemplateFieldFactory
from tests.gateways.admin.conftest import filled_in

LIST = reverse("admin:gateways_template_changelist")
ADD = reverse("admin:gateways_template_add")


def page(template: Template) -> str:
    return reverse("admin:gateways_template_change", args=[template.pk])


def row(number: int, **values: object) -> dict[str, object]:
    return {f"fields-{number}-{name}": value for name, value in values.items()}


def test_a_template_is_added_with_its_fields(operator):
    posted = {
        **{"label": LabelFactory().pk, "name": "Mine", "slug": "mine", "is_active": "on"},
        **{"fields-TOTAL_FORMS": "2", "fields-INITIAL_FORMS": "0"},
        **row(0, position=1, name="action", type="choice", choices="BUY\nSELL"),
        **row(1, position=0, name="title", type="text", required="on"),
    }
    answer = operator.post(ADD, posted)
    assert answer.status_code == 302
    fields = Template.objects.get().fields.order_by("position")
    assert [(field.name, field.choices) for field in fields] == [
        ("title", []),
        ("action", ["BUY", "SELL"]),
    ]


def test_choices_of_a_field_that_is_no_choice_any_more_are_forgotten(operator):
    field = TemplateFieldFactory(type="choice", choices=["A"])
    url = page(field.template)
    operator.post(url, filled_in(operator, url, **{"fields-0-type": "text"}))
    field.refresh_from_db()
    assert (field.type, field.choices) == ("text", [])


def test_a_choice_needs_choices(operator):
    field = TemplateFieldFactory()
    url = page(field.template)
    answer = operator.post(url, filled_in(operator, url, **{"fields-0-type": "choice"}))
    [inline] = answer.context["inline_admin_formsets"]
    assert inline.formset.errors == [{"choices": ["are missing"]}]
    assert "title: choices: are missing" in answer.content.decode()


def test_rows_that_were_left_empty_or_taken_out_are_no_fields(operator):
    field = TemplateFieldFactory()
    url = page(field.template)
    rows = {
        **row(1, position=3, type="text"),
        **row(2, position=2, name="gone", type="text", DELETE="on"),
        **row(3, position=0, name="kept", type="text"),
    }
    posted = filled_in(operator, url, **rows, **{"fields-TOTAL_FORMS": "4"})
    assert operator.post(url, posted).status_code == 302
    names = field.template.fields.order_by("position").values_list("name", flat=True)
    assert list(names) == ["title", "kept"]


def preview(client, url: str, **changes):
    return client.post(f"{url}preview/", changes)


def test_the_preview_shows_what_is_typed_and_saves_nothing(operator):
    label = LabelFactory(name="Amazing")
    answer = preview(
        operator,
        LIST,
        **{"label": label.pk, "name": "Mine", "slug": "mine", "fields-TOTAL_FORMS": "3"},
        **row(0, position=1, name="second", type="choice", choices="BUY\nSELL"),
        **row(1, position=0, name="first", type="boolean", required="on"),
        **row(2, position=2, name="odd", type="choice"),
    )
    context = answer.context
    assert list(json.loads(context["sample"])["extension"].items()) == [
        ("first", True),
        ("second", "BUY"),
    ]
    assert json.loads(context["schema"])["required"] == ["first"]
    assert "/api/v1/custom-im/mine" in context["ticket"]
    assert "Amazing" in context["ticket"]
    assert context["problems"] == ("odd: choices: are missing",)
    assert not Template.objects.exists()


def test_the_schema_of_a_saved_template_is_downloaded(reader):
    field = TemplateFieldFactory(required=True)
    answer = reader.get(f"{LIST}{field.template.pk}/schema.json")
    assert answer["Content-Disposition"] == (
        f'attachment; filename="{field.template.slug}.schema.json"'
    )
    assert answer.json()["required"] == ["title"]


def test_a_reader_sees_what_a_template_comes_to_and_previews_nothing(reader):
    template = TemplateFieldFactory().template
    assert "Text of title" in reader.get(page(template)).content.decode()
    assert preview(reader, LIST).status_code == 403
    assert preview(reader, f"{LIST}{template.pk}/").status_code == 403


def test_designs_are_closed_to_strangers_and_to_staff_of_other_labels(stranger, limited):
    template = TemplateFieldFactory().template
    urls = [f"{LIST}preview/", f"{LIST}{template.pk}/preview/", f"{LIST}{template.pk}/schema.json"]
    assert [stranger.post(url).status_code for url in urls] == [403, 403, 405]
    assert stranger.get(urls[2]).status_code == 403
    assert limited.post(urls[1]).status_code == 404
    assert limited.get(urls[2]).status_code == 404
    other = preview(limited, LIST, label=template.label.pk)
    assert template.label.name not in other.content.decode()
