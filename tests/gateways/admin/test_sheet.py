from django.contrib.auth.models import User
from django.urls import reverse

from gateways.models import AuditEntry, Key, Label
from gateways.models.key import secret_digest
from tests.factories import BrandFactory, GatewayFactory, KeyFactory, LabelFactory

CANARY = "canary-of-a-secret"


def sheet(label: Label) -> str:
    return reverse("admin:gateways_label_sheet", args=[label.pk])


def full_label() -> Label:
    label = LabelFactory(
        callback_url=f"https://api.smartico.ai/{CANARY}",
        callback_api_key=CANARY,
        required_headers={"X-Smartico": CANARY},
        allowed_ips=["203.0.113.0/24"],
    )
    GatewayFactory(label=label)
    return label


def test_the_sheet_shows_what_to_type_in_and_no_secret(reader):
    label = full_label()
    key = KeyFactory(label=label, note="BackOffice")
    KeyFactory(label=label, secret="test", is_test=True)
    page = reader.get(sheet(label)).content.decode()
    assert "/api/v1/sms" in page
    assert "203.0.113.0/24" in page
    assert "X-Smartico" in page
    assert f"Send APIs key {key.pk}" in page
    assert page.count("Send APIs key") == 1
    assert CANARY not in page


def test_reading_the_sheet_makes_no_key(operator):
    operator.get(sheet(full_label()))
    operator.head(sheet(Label.objects.get()))
    assert not Key.objects.exists()


def test_a_test_key_is_put_into_the_lines_once(operator):
    label = full_label()
    answer = operator.post(sheet(label), {"test": "yes"})
    key, secret = Key.objects.get(), answer.context["secret"]
    assert key.digest == secret_digest(secret)
    assert key.is_test
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert secret not in operator.get(sheet(label)).content.decode()
    assert secret not in str(AuditEntry.objects.values_list())


def test_a_key_is_made_for_a_brand_and_shown_once(operator):
    brand = BrandFactory()
    posted = {"key-kind": "smartico", "key-brand": brand.pk, "key-note": "BackOffice"}
    answer = operator.post(sheet(brand.label), posted)
    key, secret = Key.objects.get(), answer.context["made"]
    assert (key.label, key.brand, key.note) == (brand.label, brand, "BackOffice")
    assert (key.digest, key.is_test, key.expires_at) == (secret_digest(secret), False, None)
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert secret not in operator.get(sheet(brand.label)).content.decode()
    assert AuditEntry.objects.get().subject_id == str(key.pk)


def test_a_key_is_not_made_for_a_brand_of_another_label(operator):
    label, other = LabelFactory(), BrandFactory()
    answer = operator.post(sheet(label), {"key-kind": "smartico", "key-brand": other.pk})
    assert set(answer.context["form"].errors) == {"brand"}
    assert not Key.objects.exists()


def test_a_reader_makes_no_key_and_is_offered_none(reader):
    label = full_label()
    assert "hx-post" not in reader.get(sheet(label)).content.decode()
    for posted in ({"test": "yes"}, {"key-kind": "smartico"}):
        assert reader.post(sheet(label), posted).status_code == 403
    assert not Key.objects.exists()


def test_a_sheet_of_another_label_is_not_there(limited):
    label = full_label()
    assert limited.get(sheet(label)).status_code == 404
    assert limited.post(sheet(label), {"test": "yes"}).status_code == 404
    own = User.objects.get(username="limited").staff_limit.labels.get()
    assert limited.get(sheet(own)).status_code == 200
    assert limited.post(sheet(own), {"test": "yes"}).status_code == 200


def test_the_sheet_is_closed_to_strangers(stranger):
    label = full_label()
    assert stranger.get(sheet(label)).status_code == 403
    assert stranger.post(sheet(label), {"test": "yes"}).status_code == 403
