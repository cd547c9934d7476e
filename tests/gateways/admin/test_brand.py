from django.urls import reverse

from gateways.models import AuditEntry, ConfigurationVersion
from tests.factories import BrandFactory

LIST = reverse("admin:gateways_brand_changelist")


def test_a_brand_is_paused_and_resumed_after_a_question(operator):
    brand = BrandFactory()
    act = {"_selected_action": [brand.pk], "action": "pause"}
    assert "Brands to pause: 1." in operator.post(LIST, act).content.decode()
    brand.refresh_from_db()
    assert not brand.is_paused
    version = ConfigurationVersion.read()
    operator.post(LIST, {**act, "confirmed": "yes"})
    brand.refresh_from_db()
    assert brand.is_paused
    assert ConfigurationVersion.read() > version
    operator.post(LIST, {**act, "action": "resume", "confirmed": "yes"})
    brand.refresh_from_db()
    assert not brand.is_paused
    assert [entry.told_changes for entry in AuditEntry.objects.order_by("pk")] == [
        [("is_paused", "no", "yes")],
        [("is_paused", "yes", "no")],
    ]


def test_a_brand_of_another_label_is_not_paused(limited):
    brand = BrandFactory()
    limited.post(LIST, {"_selected_action": [brand.pk], "action": "pause", "confirmed": "yes"})
    brand.refresh_from_db()
    assert not brand.is_paused
