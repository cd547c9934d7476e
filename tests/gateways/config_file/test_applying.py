import pytest

from gateways.config_file.problems import ConfigFileRefused
from gateways.models import (
    AuditEntry,
    Brand,
    ConfigurationVersion,
    Gateway,
    Key,
    Label,
    Template,
    TemplateField,
)
from gateways.models.key import secret_digest
from tests.factories import GatewayFactory, KeyFactory, LabelFactory
from tests.gateways.config_file.conftest import HOUSE, SECRETS, applied

pytestmark = pytest.mark.django_db


def test_a_first_run_creates_everything():
    assert applied(HOUSE) == [
        "created label amazing",
        "created brand amazing/a",
        "created brand amazing/b",
        "created key amazing/smartico (keys[0])",
        "created key amazing/smartico (keys[1])",
        "created key amazing/platform (keys[2])",
        "created key amazing/status (keys[3])",
        "created template amazing/my-messenger",
        "created gateway amazing/sms-de",
        "created gateway amazing/own-house",
        "created gateway amazing/mail",
    ]


def test_the_rows_are_as_the_file_says(house):
    label = Label.objects.get()
    gateway = Gateway.objects.get(slug="sms-de")
    assert label.callback_url.reveal() == "https://api.smartico.ai/callback?tenant=canary-tenant"
    assert label.callback_api_key.reveal() == SECRETS["SMARTICO_API_KEY"]
    assert label.required_headers.reveal() == {"X-Smartico": SECRETS["HEADER_SECRET"]}
    assert label.retention == {"bodies_days": 7}
    assert label.receipts == {"hours": 48, "report": False}
    assert gateway.config.reveal()["service_key"] == SECRETS["SERVICE_KEY"]
    assert (gateway.brand.slug, gateway.from_default, gateway.on_unknown) == (
        "a",
        "Amazing",
        "repeat",
    )
    key = Key.objects.get(digest=secret_digest(SECRETS["BRAND_B_SECRET"]))
    assert (key.kind, key.brand.slug) == ("smartico", "b")
    names = TemplateField.objects.order_by("position").values_list("name", flat=True)
    assert list(names) == ["title", "action", "urgent", "picture"]


def test_a_second_run_changes_and_writes_nothing(house):
    version = ConfigurationVersion.read()
    assert applied(house) == []
    assert ConfigurationVersion.read() == version


def test_a_dry_run_says_the_same_and_changes_nothing():
    told = applied(HOUSE, dry_run=True)
    assert not Label.objects.exists()
    assert told == applied(HOUSE)


def test_what_changed_is_named_and_never_shown(house):
    changed = (
        house.replace("name: SMS Germany", "name: SMS for Germany")
        .replace("statuses: [delivered, accepted]", "statuses: [delivered]")
        .replace("filters: {country: [DE,", "filters: {country: [AT,")
        .replace("type: boolean}", "type: boolean, required: true}")
        .replace("name: My custom", "name: Our custom")
    )
    told = applied(changed, SERVICE_KEY="new-canary", SMARTICO_API_KEY="new-canary")
    assert told == [
        "changed label amazing: callback.api_key, callback.statuses",
        "changed template amazing/my-messenger: name, fields",
        "changed gateway amazing/sms-de: name, filters.country, config.service_key",
    ]
    assert Gateway.objects.get(slug="sms-de").config.reveal()["service_key"] == "new-canary"


def test_sealed_values_that_did_not_change_are_not_written_again(house):
    def sealed() -> tuple:
        row = Gateway.objects.filter(slug="sms-de").values_list("config", "token")[0]
        return tuple(str.__str__(value) for value in row)

    before = sealed()
    applied(house.replace("rate_per_second: 50", "rate_per_second: 60"))
    assert Gateway.objects.get(slug="sms-de").rate_per_second == 60
    assert sealed() == before


def test_a_sealed_value_that_no_longer_opens_is_written_again(house):
    Label.objects.filter(slug="amazing")
    other = Gateway.objects.get(slug="mail")
    Gateway.objects.filter(slug="sms-de").update(uid="01890a5d-ac96-774b-bcce-b302099a8057")
    assert applied(house) == ["changed gateway amazing/sms-de: config"]
    assert Gateway.objects.get(slug="sms-de").config.reveal()
    assert Gateway.objects.get(slug="mail").uid == other.uid


def test_what_a_listed_label_no_longer_names_is_taken_out_of_use(house):
    told = applied("labels: [{slug: amazing, name: Amazing}]")
    assert told[0].startswith("changed label amazing: ")
    assert [line.partition(" ")[0] for line in told[1:5]] == ["revoked"] * 4
    assert told[5:] == [
        "deactivated brand amazing/a",
        "deactivated brand amazing/b",
        "deactivated template amazing/my-messenger",
        "deactivated gateway amazing/sms-de",
        "deactivated gateway amazing/own-house",
    ]
    assert not Key.objects.filter(revoked_at=None).exists()
    assert not Gateway.objects.filter(is_active=True).exists()
    assert (Gateway.objects.count(), Brand.objects.count(), Template.objects.count()) == (3, 2, 1)
    assert applied("labels: [{slug: amazing, name: Amazing}]") == []


def test_what_is_named_again_is_taken_back_into_use(house):
    applied("labels: [{slug: amazing}]")
    told = applied(house)
    assert "changed gateway amazing/sms-de: is_active" in told
    assert "created key amazing/status (keys[3])" in told
    assert applied(house) == []


def test_labels_that_are_not_listed_are_left_alone():
    gateway = GatewayFactory()
    KeyFactory(label=gateway.label)
    applied("labels: [{slug: other}]")
    gateway.refresh_from_db()
    assert gateway.is_active
    assert Key.objects.get().revoked_at is None


def test_a_secret_that_is_live_in_another_label_is_refused_by_both_places():
    other = LabelFactory(slug="other")
    key = KeyFactory(label=other, secret="canary-secret")
    file = "labels: [{slug: amazing, keys: [{kind: smartico, secret: canary-secret}]}]"
    with pytest.raises(ConfigFileRefused) as caught:
        applied(file)
    assert str(caught.value) == (
        f"labels[0].keys[0].secret: is live in another label: other, Send APIs key {key.pk}"
    )
    assert not Label.objects.filter(slug="amazing").exists()


def test_a_secret_may_move_from_one_listed_label_to_another():
    key = "keys: [{kind: smartico, secret: moving}]"
    applied(f"labels: [{{slug: a}}, {{slug: b, {key}}}]")
    told = applied(f"labels: [{{slug: a, {key}}}, {{slug: b}}]")
    assert [line.partition(" ")[0] for line in told] == ["revoked", "created"]
    assert Key.objects.get(revoked_at=None).label.slug == "a"


def test_a_key_is_bound_to_another_brand_without_a_new_secret(house):
    told = applied(house.replace(", brand: b,", ", brand: a,"))
    assert told == ["changed key amazing/smartico (keys[1]): brand"]


def test_a_keys_limit_changes_without_a_new_secret(house):
    told = applied(house.replace(", rate_per_second: 30}", "}"))
    assert told == ["changed key amazing/smartico (keys[1]): rate_per_second"]
    assert not Key.objects.exclude(rate_per_second=None).exists()


def test_a_gateway_that_is_not_paused_in_the_file_forgets_why_it_was(house):
    Gateway.objects.filter(slug="own-house").update(is_paused=True, paused_because="401")
    resumed = house.replace("slug: own-house", "slug: own-house\n        is_paused: false")
    assert applied(resumed) == ["changed gateway amazing/own-house: is_paused"]
    assert Gateway.objects.get(slug="own-house").paused_because == ""


def test_the_blast_guard_is_set_and_off_where_the_file_says_nothing(house):
    applied(house)
    guarded, other = Gateway.objects.order_by("pk")[:2]
    columns = ("guard_is_on", "guard_times", "guard_least", "guard_failure_share")
    assert [getattr(guarded, name) for name in columns] == [True, 2.5, 500, 0.25]
    assert [getattr(other, name) for name in columns] == [False, 3.0, 1_000, 0.5]


def test_what_the_guard_holds_is_released_by_a_file_that_says_so(house):
    held = Gateway.objects.filter(slug="own-house")
    held.update(is_paused=True, paused_because="blast guard: 7", is_held_by_guard=True)
    applied(house.replace("slug: own-house", "slug: own-house\n        is_paused: false"))
    assert list(held.values_list("is_paused", "is_held_by_guard")) == [(False, False)]


@pytest.mark.parametrize(
    "held",
    [
        {},
        {"paused_because": "401"},
        {"paused_because": "blast guard: 7", "is_held_by_guard": True},
    ],
    ids=["person", "account", "guard"],
)
def test_a_file_that_does_not_say_whether_a_gateway_is_paused_leaves_it_so(house, held):
    gateway = Gateway.objects.filter(slug="own-house")
    gateway.update(is_paused=True, **held)
    before = gateway.values("is_paused", "paused_because", "is_held_by_guard").get()
    assert applied(house) == []
    assert gateway.values("is_paused", "paused_because", "is_held_by_guard").get() == before


def test_an_emergency_pause_of_a_label_or_a_brand_outlives_a_file_that_says_nothing_of_it(house):
    Label.objects.update(is_paused=True)
    Brand.objects.update(is_paused=True)
    file = house.replace("    is_paused: false\n", "")
    assert file != house
    assert applied(file) == []
    assert applied(house) == ["changed label amazing: is_paused"]
    running = file.replace('name: "Brand A"', 'name: "Brand A", is_paused: false')
    assert applied(running) == ["changed brand amazing/a: is_paused"]
    assert not Label.objects.filter(is_paused=True).exists()


def test_what_is_new_is_not_paused_unless_the_file_says_so():
    applied(
        "labels: [{slug: a, brands: [{slug: b}, {slug: c, is_paused: true}],"
        " gateways: [{slug: g, channel: sms, provider: sandbox}]}]"
    )
    assert not Label.objects.get().is_paused
    assert not Gateway.objects.get().is_paused
    assert list(Brand.objects.filter(is_paused=True).values_list("slug", flat=True)) == ["c"]


def test_a_gateways_webhook_url_survives_its_changes(house):
    before = Gateway.objects.get(slug="mail").token.reveal()
    applied(house.replace("port: 587", "port: 2525"))
    assert Gateway.objects.get(slug="mail").token.reveal() == before


def entries():
    rows = AuditEntry.objects.order_by("pk")
    return [(row.action, row.subject_type, row.subject_name, row.changes) for row in rows]


def test_a_run_is_told_in_the_audit_row_by_row(house):
    told = entries()
    assert len(told) == 11
    assert {row.actor_name for row in AuditEntry.objects.all()} == {"apply_config"}
    assert {row.label for row in AuditEntry.objects.all()} == {Label.objects.get()}
    applied(house)
    assert entries() == told


def test_a_change_is_told_before_and_after_and_a_secret_as_changed(house):
    before = AuditEntry.objects.count()
    lines = house.replace("rate_per_second: 50", "rate_per_second: 70")
    applied(lines, SERVICE_KEY="canary-another-key")
    (told,) = entries()[before:]
    assert told[3] == {"rate_per_second": [50, 70], "config.service_key": "changed"}
    assert "canary" not in str(entries())


def test_a_dry_run_tells_nothing(house):
    before = entries()
    applied(house.replace("rate_per_second: 50", "rate_per_second: 70"), dry_run=True)
    assert entries() == before
