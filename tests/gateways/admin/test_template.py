from django.urls import reverse

from gateways.models import Template
from tests.factories import LabelFactory, TemplateFactory, TemplateFieldFactory
from tests.gateways.admin.conftest import filled_in

ADD = reverse("admin:gateways_template_add")


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


def test_choices_belong_to_choice_fields_only(operator):
    template = TemplateFactory()
    TemplateFieldFactory(template=template)
    url = reverse("admin:gateways_template_change", args=[template.pk])
    answer = operator.post(url, filled_in(operator, url, **{"fields-0-choices": "A\nB"}))
    [inline] = answer.context["inline_admin_formsets"]
    assert inline.formset.errors == [{"choices": ["only a field of type choice has them"]}]
