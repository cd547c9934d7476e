import pytest

from gateway_project.lib.vocabulary import Channel
from gateways import configuration
from gateways.setup_sheet import addresses, calls, header_names
from tests.factories import GatewayFactory, LabelFactory, TemplateFactory, TemplateFieldFactory

HOUSE = "https://gateway.example.com"

pytestmark = pytest.mark.django_db


def values_of(label):
    return configuration.current().labels[label.pk]


def test_addresses_that_are_served_come_first():
    label = LabelFactory()
    GatewayFactory(label=label, channel=Channel.WHATSAPP)
    GatewayFactory(label=label, channel=Channel.SMS, is_active=False)
    found = addresses(values_of(label), HOUSE)
    assert [address.title for address in found if address.is_served] == ["WhatsApp"]
    assert found[0].url == f"{HOUSE}/api/v1/whatsapp"
    assert [address.callback_type for address in found] == [
        *("sms", "email", "sms", "sms", "sms", "cim")
    ]


def test_each_custom_im_template_has_an_address_of_its_own():
    label = LabelFactory()
    for slug in ("one", "two"):
        TemplateFactory(label=label, slug=slug)
    TemplateFactory(label=label, slug="gone", is_active=False)
    urls = [address.url for address in addresses(values_of(label), HOUSE)]
    assert urls[-2:] == [f"{HOUSE}/api/v1/custom-im/one", f"{HOUSE}/api/v1/custom-im/two"]


def test_only_what_is_served_is_called_and_a_preview_beside_the_mail():
    label = LabelFactory()
    GatewayFactory(label=label, channel=Channel.EMAIL)
    GatewayFactory(label=label, channel=Channel.CUSTOM_IM)
    TemplateFieldFactory(template=TemplateFactory(label=label, slug="mine"))
    found = calls(values_of(label), HOUSE)
    assert [call.title for call in found] == ["E-mail", "Preview mail", "Custom IM: mine"]
    assert found[2].body["extension"] == {"title": "Text of title"}
    assert found[1].body["activity_type"] == "preview"


def test_a_mail_names_a_sender_only_where_a_gateway_has_none():
    label = LabelFactory(preview_domains=["amazing.co"])
    gateway = GatewayFactory(label=label, channel=Channel.EMAIL)
    [mail, _preview] = calls(values_of(label), HOUSE)
    assert mail.body["from_email_address"] == "noreply@amazing.co"
    gateway.from_default = "Amazing <a@amazing.co>"
    gateway.save()
    [mail, _preview] = calls(values_of(label), HOUSE)
    assert "from_email_address" not in mail.body


def test_a_request_names_a_callback_url_only_where_the_label_has_none():
    asks = LabelFactory()
    has = LabelFactory(callback_url="https://api.smartico.ai/canary")
    for label in (asks, has):
        GatewayFactory(label=label)
    [call] = calls(values_of(asks), HOUSE)
    assert call.body["callback_url"] == "<callback_url>"
    [call] = calls(values_of(has), HOUSE)
    assert "callback_url" not in call.body
    assert "canary" not in call.command()


def test_required_headers_are_named_and_their_values_are_not_told():
    label = LabelFactory(required_headers={"X-Smartico": "canary"})
    GatewayFactory(label=label)
    values = values_of(label)
    [call] = calls(values, HOUSE)
    assert header_names(values) == ["X-Smartico"]
    assert "-H 'X-Smartico: <X-Smartico>'" in call.command("the-secret")
    assert "canary" not in call.command("the-secret")


def test_what_stands_in_quotes_stays_in_quotes():
    label = LabelFactory()
    GatewayFactory(label=label, channel=Channel.CUSTOM_IM)
    template = TemplateFactory(label=label, slug="mine")
    TemplateFieldFactory(template=template, name="it's", type="choice", choices=["'; rm -rf /"])
    [call] = calls(values_of(label), HOUSE)
    assert '''"it'\\''s": "'\\''; rm -rf /"''' in call.command()
