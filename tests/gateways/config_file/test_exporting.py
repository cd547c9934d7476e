import re

import pytest
import yaml

from gateways.config_file.exporting import export
from gateways.config_file.reading import PLACEHOLDER
from gateways.models import Gateway, Label
from tests.factories import GatewayFactory, LabelFactory
from tests.gateways.config_file.conftest import SECRETS, applied

pytestmark = pytest.mark.django_db

FILLED = {
    "AMAZING_SMARTICO_SECRET_1": "SMARTICO_SECRET",
    "AMAZING_SMARTICO_SECRET_2": "BRAND_B_SECRET",
    "AMAZING_PLATFORM_SECRET_1": "PLATFORM_SECRET",
    "AMAZING_STATUS_SECRET_1": "STATUS_KEY",
    "AMAZING_CALLBACK_API_KEY": "SMARTICO_API_KEY",
    "AMAZING_REQUIRED_HEADERS_X_SMARTICO": "HEADER_SECRET",
    "AMAZING_SMS_DE_SERVICE_KEY": "SERVICE_KEY",
    "AMAZING_OWN_HOUSE_AUTHORIZATION": "NOTIFY_SECRET",
    "AMAZING_OWN_HOUSE_HEADERS_X_TENANT": "HEADER_SECRET",
    "AMAZING_MAIL_PASSWORD": "SMTP_PASSWORD",
    "AMAZING_OPT_OUTS_SMARTICO_TOKEN": "EVENTS_TOKEN",
    "AMAZING_OPT_OUTS_WEBHOOK_SECRETS_1": "HOOK_SECRET",
    "AMAZING_OPT_OUTS_WEBHOOK_SECRETS_2": "OLD_SECRET",
}
ENVIRONMENT = {
    **{name: SECRETS[ours] for name, ours in FILLED.items()},
    "AMAZING_CALLBACK_URL": "https://api.smartico.ai/callback?tenant=canary-tenant",
    "AMAZING_OPT_OUTS_WEBHOOK_URL": "https://hooks.amazing.co/opt-outs",
    "AMAZING_OPT_OUTS_SMARTICO_URL": "https://api.smartico.ai/events",
    "AMAZING_ALERTS_EMAILS_1": "duty@amazing.co",
    "AMAZING_ALERTS_WEBHOOK": "https://chat.amazing.co/hook",
}


def exported() -> str:
    return export(Label.objects.order_by("pk"))


def test_an_export_with_its_environment_filled_changes_nothing(house):
    assert applied(exported(), **ENVIRONMENT) == []


def test_an_export_builds_the_same_house_anew(house):
    text = exported()
    Gateway.objects.all().delete()
    Label.objects.all().delete()
    applied(text, **ENVIRONMENT)
    assert applied(house) == []


def test_an_empty_list_is_written_where_left_out_it_would_be_full(house):
    Label.objects.update(suppress_on=[], allowed_ips=[])
    [label] = yaml.safe_load(exported())["labels"][:1]
    assert label["opt_outs"]["suppress_on"] == []
    assert "allowed_ips" not in label


def test_every_secret_has_a_placeholder_of_its_own(house):
    names = PLACEHOLDER.findall(exported().partition("labels:")[2])
    assert sorted(names) == sorted(ENVIRONMENT)


def test_the_limit_of_a_key_is_written_where_it_has_one(house):
    keys = yaml.safe_load(exported())["labels"][0]["keys"]
    assert [key.get("rate_per_second") for key in keys] == [None, 30, None, None]


def test_no_secret_and_no_digest_is_exported(house):
    text = exported()
    assert "canary" not in text
    assert not re.search(r"[0-9a-f]{64}", text)


def test_it_says_on_top_what_is_missing(house):
    assert exported().startswith("# Made by export_config. Secrets are left out")


def test_what_stands_at_its_default_is_not_written():
    applied("labels: [{slug: amazing, gateways: [{slug: g, channel: sms, provider: sandbox}]}]")
    assert yaml.safe_load(exported()) == {
        "labels": [
            {
                "slug": "amazing",
                "name": "amazing",
                "gateways": [{"slug": "g", "name": "g", "channel": "sms", "provider": "sandbox"}],
            }
        ]
    }


def test_names_that_would_collide_are_numbered():
    applied(
        "labels: [{slug: 7a, gateways: ["
        "{slug: x-y, channel: email, provider: smtp,"
        " config: {host: h.example, username: u, password: p}},"
        "{slug: x_y, channel: email, provider: smtp,"
        " config: {host: h.example, username: u, password: q}}]}]"
    )
    names = PLACEHOLDER.findall(exported().partition("labels:")[2])
    assert names == ["_7A_X_Y_PASSWORD", "_7A_X_Y_PASSWORD_2"]


def test_a_text_that_looks_like_a_placeholder_comes_back_as_it_is():
    file = 'labels: [{slug: a, name: "$${NOT_A_NAME} $$${X}"}]'
    applied(file)
    assert Label.objects.get().name == "${NOT_A_NAME} $${X}"
    assert applied(exported()) == []


@pytest.mark.parametrize("name", ["NO", "true", "~", "0049", "1e5", "12:30", "2024-01-31", "a: b"])
def test_a_text_that_looks_like_another_type_stays_text(name):
    LabelFactory(slug="a", name=name, callback_api_key=None)
    assert applied(exported(), dry_run=True) == []


def test_a_gateway_that_can_no_longer_be_listed_is_left_out():
    label = LabelFactory(filter_properties=[], callback_api_key=None)
    GatewayFactory(label=label, is_active=False, filters={"market": ["eu"]})
    assert "gateways" not in exported()
    assert applied(exported()) == []


def test_a_gateway_of_a_provider_that_is_gone_shows_nothing_of_its_config():
    GatewayFactory(provider="gone", config={"token": "canary", "more": {"x": ["canary"]}})
    assert "canary" not in exported()


def test_only_the_labels_asked_for_are_exported(house):
    LabelFactory(slug="other")
    text = export(Label.objects.filter(slug="other"))
    assert [label["slug"] for label in yaml.safe_load(text)["labels"]] == ["other"]


def test_a_gateway_whose_wizard_is_not_finished_is_left_out():
    label = LabelFactory(callback_api_key=None)
    GatewayFactory(label=label, is_active=False, is_draft=True)
    assert "gateways" not in exported()


def test_a_pause_is_written_where_a_person_has_paused_and_an_export_releases_nothing(house):
    Label.objects.update(is_paused=True)
    held = Gateway.objects.filter(slug="own-house")
    held.update(is_paused=True, paused_because="blast guard: 7", is_held_by_guard=True)
    (label,) = yaml.safe_load(exported())["labels"]
    assert label["is_paused"] is True
    assert [brand.get("is_paused") for brand in label["brands"]] == [None, True]
    pauses = {each["slug"]: each.get("is_paused") for each in label["gateways"]}
    assert (pauses["sms-de"], pauses["own-house"], pauses["mail"]) == (True, None, None)
    assert applied(exported(), **ENVIRONMENT) == []
    assert held.get().is_held_by_guard
