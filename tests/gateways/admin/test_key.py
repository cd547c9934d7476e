from datetime import timedelta

from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from gateways.models import Key
from gateways.models.key import secret_digest
from tests.factories import BrandFactory, KeyFactory, LabelFactory
from tests.gateways.admin.conftest import errors_of, filled_in

CANARY = "canary-of-a-secret"
LIST = reverse("admin:gateways_key_changelist")
ADD = reverse("admin:gateways_key_add")


def test_a_secret_is_kept_as_a_digest_and_shown_nowhere(operator):
    label = LabelFactory()
    answer = operator.post(
        ADD, {"label": label.pk, "kind": "smartico", "secret": CANARY}, follow=True
    )
    key = Key.objects.get()
    assert key.digest == secret_digest(CANARY)
    pages = [
        answer,
        operator.get(reverse("admin:gateways_key_change", args=[key.pk])),
        operator.get(reverse("admin:gateways_key_history", args=[key.pk])),
    ]
    assert not [page for page in pages if CANARY in page.content.decode()]
    assert not [page for page in pages if key.digest in page.content.decode()]
    assert CANARY not in LogEntry.objects.get().change_message


def test_a_new_secret_is_proposed_each_time(operator):
    proposals = {filled_in(operator, ADD)["secret"] for _ in range(2)}
    assert len(proposals) == 2
    assert min(map(len, proposals)) >= 43


def test_a_secret_that_is_live_already_is_refused(operator):
    key = KeyFactory(secret=CANARY)
    posted = {"label": LabelFactory().pk, "kind": "smartico", "secret": CANARY}
    assert set(errors_of(operator.post(ADD, posted))) == {"secret"}
    Key.objects.filter(pk=key.pk).update(revoked_at=timezone.now())
    assert errors_of(operator.post(ADD, posted)) == {}


def test_a_key_is_bound_to_a_brand_of_its_own_label_only(operator):
    brand = BrandFactory()
    posted = {"kind": "smartico", "secret": CANARY, "brand": brand.pk}
    assert set(errors_of(operator.post(ADD, {**posted, "label": LabelFactory().pk}))) == {"brand"}
    assert errors_of(operator.post(ADD, {**posted, "label": brand.label.pk})) == {}


def test_an_end_is_set_without_touching_the_secret(operator):
    key = KeyFactory()
    url = reverse("admin:gateways_key_change", args=[key.pk])
    ends = timezone.now().replace(microsecond=0) + timedelta(days=1)
    operator.post(url, {"expires_at_0": f"{ends:%Y-%m-%d}", "expires_at_1": f"{ends:%H:%M:%S}"})
    digest = key.digest
    key.refresh_from_db()
    assert (key.expires_at, key.digest) == (ends, digest)


def test_a_key_is_revoked_once(operator):
    key = KeyFactory()
    act = {"_selected_action": [key.pk], "action": "revoke"}
    operator.post(LIST, act)
    key.refresh_from_db()
    revoked_at = key.revoked_at
    assert revoked_at is not None
    operator.post(LIST, act)
    key.refresh_from_db()
    assert key.revoked_at == revoked_at
    assert [entry.get_change_message() for entry in LogEntry.objects.all()] == ["Revoked."]
