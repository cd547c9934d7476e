import pytest
from django.core.exceptions import ValidationError

from gateways.providers.base import GatewayMisconfigured
from gateways.providers.meta_whatsapp import MetaWhatsApp
from gateways.providers.registry import validate_config
from gateways.providers.whatsapp_bodies import as_parameter, template_of
from tests.gateways.providers.examples import CONFIGS

CONFIG = {"template": "offer", "template_language": "en", "other_languages": "de\npt_BR"}


@pytest.mark.parametrize(
    ("text", "parameter"),
    [
        ("Best offer", "Best offer"),
        ("Hi\n\nBest\toffer\r\n", "Hi Best offer"),
        ("four    spaces", "four    spaces"),
        ("five     spaces", "five spaces"),
        ("  line \n  after line ", "line after line"),
        ("line\u2028break", "line break"),
        ("no\u00a0break", "no break"),
    ],
)
def test_what_a_template_s_variable_may_not_hold_becomes_a_space(text, parameter):
    assert as_parameter(text) == parameter


@pytest.mark.parametrize(
    ("language", "chosen"),
    [
        ("de", "de"),
        ("DE", "de"),
        ("de-AT", "de"),
        ("pt-br", "pt_BR"),
        ("pt", "en"),
        ("fr", "en"),
        ("", "en"),
        (None, "en"),
        (["de"], "en"),
    ],
)
def test_the_language_is_the_user_s_where_the_template_has_it(language, chosen):
    assert template_of(CONFIG, {"core_user_language": language}) == ("offer", chosen)


@pytest.mark.parametrize("missing", ["template", "template_language"])
def test_without_a_template_the_gateway_is_at_fault(missing):
    with pytest.raises(GatewayMisconfigured):
        template_of({**CONFIG, missing: ""}, {})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("template", "Offer"),
        ("template", "offer now"),
        ("template_language", "en-US"),
        ("text_window", "always"),
    ],
)
def test_a_form_refuses_what_whatsapp_has_no_such_name_for(field, value):
    with pytest.raises(ValidationError) as refused:
        validate_config(MetaWhatsApp, {**CONFIGS["meta_whatsapp"], field: value})

    assert list(refused.value.message_dict) == [field]
