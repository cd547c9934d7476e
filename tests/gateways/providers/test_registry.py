import pytest
from django.core.exceptions import ImproperlyConfigured, ValidationError

from gateways.providers.registry import (
    build,
    provider_class,
    provider_classes,
    secret_fields,
    secret_values,
    validate_config,
)
from gateways.providers.sandbox import Sandbox
from gateways.providers.webex_connect import WebexConnect
from tests.gateways.providers.canaries import CANARY, STATUS_URL, WEBHOOK_URL
from tests.gateways.providers.examples import CONFIGS, account


def test_the_registered_providers_are_found_by_slug():
    assert provider_class("sandbox") is Sandbox
    assert all(cls.slug == slug for slug, cls in provider_classes().items())
    assert {"smtp", "custom_im_http", "webex_connect", "sandbox"} <= set(provider_classes())


def test_a_provider_that_is_not_registered_is_a_lookup_error_naming_those_that_are():
    with pytest.raises(LookupError, match="sandbox"):
        provider_class("pigeon_post")


def test_the_list_in_the_settings_decides(settings):
    settings.PROVIDERS = ["gateways.providers.sandbox.Sandbox"]

    assert list(provider_classes()) == ["sandbox"]


def test_two_providers_of_one_slug_are_refused(settings):
    settings.PROVIDERS = ["gateways.providers.sandbox.Sandbox"] * 2

    with pytest.raises(ImproperlyConfigured, match="sandbox"):
        provider_classes()


def test_an_adapter_is_built_with_its_urls():
    provider = build("sandbox", {}, webhook_url=WEBHOOK_URL, status_url=STATUS_URL)

    assert isinstance(provider, Sandbox)
    assert (provider.webhook_url, provider.status_url) == (WEBHOOK_URL, STATUS_URL)


def test_the_secret_fields_are_those_declared_secret():
    assert secret_fields(WebexConnect) == {"service_key", "service_secret", "webhook_secret"}
    assert secret_fields(provider_class("custom_im_http")) == {"authorization", "headers"}


def test_the_secrets_in_a_mapping_count_singly():
    secrets = secret_values(account("custom_im_http", headers={"X-A": "one", "X-B": "two"}))

    assert sorted(secret.reveal() for secret in secrets) == sorted([CANARY, "one", "two"])
    assert CANARY not in repr(secrets)


def test_an_account_without_secrets_has_none():
    assert secret_values(account("sandbox")) == []
    assert secret_values(account("custom_im_http", authorization=None, headers=None)) == []


def test_an_unknown_key_is_named():
    with pytest.raises(ValidationError) as refused:
        validate_config(WebexConnect, {**CONFIGS["webex_connect"], "servicekey": CANARY})

    assert refused.value.message_dict == {"servicekey": ["There is no such key."]}


def test_a_choice_outside_the_list_is_refused_without_being_repeated():
    with pytest.raises(ValidationError) as refused:
        validate_config(provider_class("smtp"), {"host": "mail.example", "security": CANARY})

    assert list(refused.value.message_dict) == ["security"]
    assert CANARY not in str(refused.value)


def test_empty_values_are_not_kept():
    config = validate_config(WebexConnect, {**CONFIGS["webex_connect"], "service_id": None})

    assert "service_id" not in config


def test_text_out_of_a_form_becomes_what_the_field_declares():
    config = validate_config(provider_class("smtp"), {"host": "mail.example", "port": "2525"})

    assert (config["port"], config["security"], config["track_opens"]) == (2525, "starttls", False)
    assert "username" not in config
