from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from gateways.models import AuditEntry, Key
from gateways.models.key import secret_digest
from tests.factories import BrandFactory, KeyFactory, LabelFactory
from tests.gateways.admin.conftest import errors_of, filled_in

CANARY = "canary-of-a-secret"
LIST = reverse("admin:gateways_key_changelist")
ADD = reverse("admin:gateways_key_add")
NOW = timezone.now()


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
    assert AuditEntry.objects.get().changes == {}


def test_a_secret_that_was_made_is_shown_once(operator):
    posted = filled_in(operator, ADD, label=LabelFactory().pk, kind="smartico", note="BackOffice")
    answer = operator.post(ADD, posted)
    secret, key = answer.context["secret"], Key.objects.get()
    assert (key.digest, key.note) == (secret_digest(secret), "BackOffice")
    assert len(secret) >= 43
    assert "no-store" in answer["Cache-Control"]
    shown_later = [
        operator.post(ADD, posted),
        operator.get(ADD),
        operator.get(LIST),
        operator.get(reverse("admin:gateways_key_change", args=[key.pk])),
    ]
    assert not [page for page in shown_later if secret in page.content.decode()]
    assert Key.objects.count() == 1


def test_the_form_that_made_a_key_makes_another_when_it_is_saved_again(operator):
    posted = filled_in(operator, ADD, label=LabelFactory().pk, kind="smartico")
    operator.post(ADD, posted)
    refused = operator.post(ADD, posted)
    [text] = errors_of(refused)["__all__"]
    assert text.startswith("This key is made")
    again = {**posted, "proposal": refused.context["adminform"].form["proposal"].value()}
    assert operator.post(ADD, again).context["secret"] == again["proposal"]


def test_a_secret_that_is_live_already_is_refused(operator):
    key = KeyFactory(secret=CANARY)
    posted = {"label": LabelFactory().pk, "kind": "smartico", "secret": CANARY}
    answer = operator.post(ADD, posted)
    assert set(errors_of(answer)) == {"secret"}
    assert CANARY not in answer.content.decode()
    Key.objects.filter(pk=key.pk).update(revoked_at=timezone.now())
    assert errors_of(operator.post(ADD, posted)) == {}


@pytest.mark.parametrize(
    ("columns", "state"),
    [
        ({}, "Never used"),
        ({"last_used_at": NOW}, "Live"),
        ({"last_used_at": NOW, "expires_at": NOW + timedelta(days=1)}, "Expires"),
        ({"expires_at": NOW}, "Expired"),
        ({"expires_at": NOW, "revoked_at": NOW}, "Revoked"),
    ],
)
def test_the_list_says_what_a_key_is_good_for(columns, state):
    assert Key(**columns).state(NOW).label == state


def test_keys_that_are_over_are_filtered_apart(operator):
    live = KeyFactory()
    over = KeyFactory(label=live.label, secret="another", expires_at=timezone.now())
    for choice, key in (("live", live), ("over", over)):
        [row] = operator.get(LIST, {"state": choice}).context["cl"].result_list
        assert row == key


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
    asked = operator.post(LIST, act)
    assert "Keys to revoke: 1." in asked.content.decode()
    assert not Key.objects.exclude(revoked_at=None).exists()
    act["confirmed"] = "yes"
    operator.post(LIST, act)
    key.refresh_from_db()
    revoked_at = key.revoked_at
    assert revoked_at is not None
    operator.post(LIST, act)
    key.refresh_from_db()
    assert key.revoked_at == revoked_at
    assert [list(entry.changes) for entry in AuditEntry.objects.all()] == [["revoked_at"]]


def test_a_key_is_given_a_limit(operator):
    key = KeyFactory()
    url = reverse("admin:gateways_key_change", args=[key.pk])
    assert set(errors_of(operator.post(url, filled_in(operator, url, rate_per_second=0)))) == {
        "rate_per_second"
    }
    operator.post(url, filled_in(operator, url, rate_per_second=50))
    key.refresh_from_db()
    assert key.rate_per_second == 50
