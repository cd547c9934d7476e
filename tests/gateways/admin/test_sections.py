"""The groups of a provider's settings, as they are drawn."""

import pytest
from django.urls import reverse

from gateways import drafts
from gateways.models import Gateway
from tests.factories import GatewayFactory, LabelFactory
from tests.gateways.admin.conftest import errors_of, filled_in

CANARY = "canary-of-a-secret"
SMTP = {"host": "mail.example.com", "port": 587, "security": "starttls"}
MAILBOX = {"imap_host": "imap.example.com", "imap_user": "me", "imap_password": "kept-canary"}
IMAP = {**MAILBOX, "imap_port": 993, "imap_security": "tls", "imap_done": "move"}
WEBEX = {"base_url": "https://api.example.com", "service_key": "k"}


def page(gateway: Gateway) -> str:
    return reverse("admin:gateways_gateway_change", args=[gateway.pk])


def step(draft: Gateway) -> str:
    return reverse("admin:gateways_gateway_wizard", args=[draft.pk, "access"])


def new(provider: str, channel: str) -> Gateway:
    draft = drafts.begin(LabelFactory(), channel=channel, provider=provider)
    draft.name = "New"
    draft.save()
    return draft


def sections_on(answer) -> dict[str, bool]:
    """The groups on an answered page, and whether they are open."""
    drawn = (each for fieldset in answer.context["adminform"] for each in fieldset.sections)
    return {each.title: each.is_open for each in drawn if each.title}


def test_what_is_rarely_needed_is_shut_until_something_is_set_in_it(operator):
    draft = new("smtp", "email")
    assert sections_on(operator.get(step(draft))) == {
        "Mail server": True,
        "Unsubscribing and tracking": True,
        "Bounces and complaints": False,
        "Certificate": False,
    }
    draft.config = SMTP | IMAP
    draft.save()
    assert sections_on(operator.get(step(draft)))["Bounces and complaints"]


def test_a_secret_alone_opens_its_group(operator):
    gateway = GatewayFactory(provider="webex_connect", config=WEBEX)
    assert not sections_on(operator.get(page(gateway)))["Webhooks"]
    gateway.config = WEBEX | {"webhook_secret": "kept-canary"}
    gateway.save()
    assert sections_on(operator.get(page(gateway)))["Webhooks"]


@pytest.mark.parametrize("url_of", [step, page])
def test_an_error_opens_its_group_and_is_told_above_the_form(operator, url_of):
    gateway = new("smtp", "email")
    if url_of is page:
        Gateway.objects.update(is_draft=False, config=None)
    changes = {"config_host": "mail.example.com", "config_bounce_address": "no address"}
    answer = operator.post(
        url_of(gateway), filled_in(operator, url_of(gateway), **changes, config_imap_port="no")
    )
    assert set(errors_of(answer)) == {"config_bounce_address", "config_imap_port"}
    drawn = [each for fieldset in answer.context["adminform"] for each in fieldset.sections]
    [group] = [each for each in drawn if each.title == "Bounces and complaints"]
    assert (group.is_open, group.errors) == (True, 2)
    told = answer.content.decode()
    assert "Nothing was saved: 2 fields need mending" in told
    assert 'href="#id_config_bounce_address"' in told
    assert 'id="id_config_bounce_address_error"' in told


def test_what_was_typed_keeps_its_group_open_though_the_error_is_elsewhere(operator):
    draft = new("smtp", "email")
    changes = {"config_host": "", "config_imap_host": "imap.example.com"}
    answer = operator.post(step(draft), filled_in(operator, step(draft), **changes))
    assert sections_on(answer) == {
        "Mail server": True,
        "Unsubscribing and tracking": True,
        "Bounces and complaints": True,
        "Certificate": False,
    }


def test_what_means_nothing_on_the_channel_is_not_shown_unless_it_is_set(operator):
    assert "RCS" in sections_on(operator.get(step(new("webex_connect", "rcs"))))
    gateway = GatewayFactory(provider="webex_connect", config=WEBEX)
    assert "RCS" not in sections_on(operator.get(page(gateway)))
    gateway.config = WEBEX | {"rcs_app_id": "agent"}
    gateway.save()
    assert sections_on(operator.get(page(gateway)))["RCS"]


def test_what_is_not_shown_is_not_lost(operator):
    config = WEBEX | {"rcs_app_id": "agent", "webhook_secret": "kept-canary"}
    gateway = GatewayFactory(provider="webex_connect", config=config)
    posted = filled_in(operator, page(gateway), name="Another name")
    assert errors_of(operator.post(page(gateway), posted)) == {}
    gateway.refresh_from_db()
    assert gateway.config.reveal() == config


def test_a_secret_that_has_to_be_there_is_marked_until_it_is(operator):
    draft = new("meta_whatsapp", "whatsapp")
    answer = operator.post(step(draft), filled_in(operator, step(draft)))
    assert "config_access_token" in errors_of(answer)
    draft.config = {"access_token": CANARY}
    draft.save()
    form = operator.get(step(draft)).context["adminform"].form
    assert not form.fields["config_access_token"].required
    assert form.fields["config_app_secret"].required


def test_help_texts_are_text(operator):
    shown = operator.get(step(new("smtp", "email"))).content.decode()
    assert "bounces+&lt;token&gt;@example.com" in shown
    assert 'id="id_config_bounce_address_helptext"' in shown
