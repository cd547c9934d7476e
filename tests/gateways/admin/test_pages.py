import pytest
from django.urls import reverse

from gateways.models import Brand, Gateway, Key, Label, Template
from tests.factories import (
    BrandFactory,
    GatewayFactory,
    KeyFactory,
    TemplateFactory,
    TemplateFieldFactory,
)

MODELS = [Brand, Gateway, Key, Label, Template]
PROVIDERS = {
    "sandbox": ("sms", {}),
    "smtp": ("email", {"host": "mail.example.com", "port": 587, "security": "starttls"}),
    "webex_connect": ("sms", {"base_url": "https://api.example.com", "service_key": "canary"}),
    "custom_im_http": ("custom_im", {"url": "https://n.example.com/", "authorization": "canary"}),
    "gone": ("sms", {"token": "canary"}),
}


@pytest.fixture
def house(db: None) -> None:
    brand = BrandFactory()
    KeyFactory(label=brand.label, brand=brand)
    TemplateFieldFactory(template=TemplateFactory(label=brand.label))
    for provider, (channel, config) in PROVIDERS.items():
        GatewayFactory(label=brand.label, channel=channel, provider=provider, config=config)


def lists() -> list[str]:
    return [reverse(f"admin:gateways_{model._meta.model_name}_changelist") for model in MODELS]


def add_pages() -> list[str]:
    return [reverse(f"admin:gateways_{model._meta.model_name}_add") for model in MODELS]


def rows(*pages: str) -> list[str]:
    return [
        reverse(f"admin:gateways_{model._meta.model_name}_{page}", args=[row.pk])
        for page in pages
        for model in MODELS
        for row in model.objects.all()
    ]


def test_every_page_answers_an_operator(house, operator):
    urls = [*lists(), *add_pages(), *rows("change", "delete", "history")]
    assert {url: operator.get(url).status_code for url in urls} == dict.fromkeys(urls, 200)


def test_staff_without_a_permission_are_turned_away_everywhere(house, stranger):
    urls = [*lists(), *add_pages(), *rows("change", "delete", "history")]
    assert {url: stranger.get(url).status_code for url in urls} == dict.fromkeys(urls, 403)
    posts = [*lists(), *add_pages(), *rows("change", "delete")]
    assert {url: stranger.post(url).status_code for url in posts} == dict.fromkeys(posts, 403)


def test_a_reader_sees_lists_and_rows_and_changes_nothing(house, reader):
    seen = [*lists(), *rows("change", "history")]
    refused = [*add_pages(), *rows("delete")]
    assert {url: reader.get(url).status_code for url in seen} == dict.fromkeys(seen, 200)
    assert {url: reader.get(url).status_code for url in refused} == dict.fromkeys(refused, 403)
    posts = rows("change")
    assert {url: reader.post(url).status_code for url in posts} == dict.fromkeys(posts, 403)


def test_no_page_shows_a_secret(house, operator, reader):
    urls = [*lists(), *rows("change", "delete", "history")]
    for client in (operator, reader):
        for url in urls:
            page = client.get(url).content.decode()
            assert "canary" not in page, url
            assert "the-api-key-of-smartico" not in page, url


def test_a_webhook_url_is_shown_only_to_those_who_may_change_the_gateway(house, operator, reader):
    for gateway in Gateway.objects.all():
        url = reverse("admin:gateways_gateway_change", args=[gateway.pk])
        token = gateway.token.reveal()
        page = operator.get(url).content.decode()
        assert (f"/callbacks/webhooks/{token}" in page) == (gateway.provider != "smtp")
        assert ("Our URLs" in page) == (gateway.provider != "smtp")
        assert (f"/callbacks/status/{token}" in page) == (gateway.channel == "custom_im")
        assert token not in reader.get(url).content.decode()
