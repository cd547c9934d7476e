"""What every road to WhatsApp has in common: a free text only in the window, a template else.

WhatsApp takes a free text for 24 hours after the person wrote last, and otherwise an approved
template. Smartico's body is free text. So it travels as the one parameter of a template, in which
WhatsApp allows no line break, no tab and no more than four spaces in a row.

`text_window` "try" sends the free text instead, in the one call that a message has: a refusal
because the window is closed often comes as a report, long after the call, and a second send then
might be a second message. So nothing falls back to the template: the message is rejected.
"""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.validators import RegexValidator

from gateways.providers.errors import GatewayMisconfigured
from gateways.providers.groups import ConfigForm
from gateways.providers.tables import WordsField

ALWAYS_TEMPLATE, FREE_TEXT = "never", "try"
LANGUAGE_PROPERTY = "core_user_language"
MOST_SPACES = 4
TEXT_LIMIT = 4096
"""Most characters of a message, whichever way it goes."""
BLANKS = re.compile(r"\s+")
TEMPLATE_NAME = RegexValidator(
    r"\A[a-z0-9_]{1,512}\Z", "Lower-case letters, digits and underscores only."
)
LANGUAGE_CODE = RegexValidator(r"\A[A-Za-z_]{2,20}\Z", "A code such as en or en_US is expected.")


class TemplateOptions(ConfigForm):
    """How a body becomes a WhatsApp message."""

    text_window = forms.ChoiceField(
        choices=[
            (ALWAYS_TEMPLATE, "Always in the template"),
            (FREE_TEXT, "As free text, refused outside the 24-hour window"),
        ],
        initial=ALWAYS_TEMPLATE,
        label="Free text",
        help_text="Free text only where the people of this gateway wrote to you within 24 hours. "
        "What WhatsApp refuses then is not sent again in the template.",
    )
    template = forms.CharField(
        required=False,
        validators=[TEMPLATE_NAME],
        help_text="An approved template whose text has one variable: it takes the body, without "
        "line breaks.",
    )
    template_language = forms.CharField(
        required=False,
        validators=[LANGUAGE_CODE],
        help_text="The code under which the template was approved, such as en or en_US.",
    )
    other_languages = WordsField(
        help_text="More codes that the template is approved in, one on each line: chosen where "
        f"the user's property {LANGUAGE_PROPERTY} says so.",
    )


def is_free_text(config: Mapping[str, Any]) -> bool:
    return bool(config.get("text_window") == FREE_TEXT)


def template_of(config: Mapping[str, Any], properties: Mapping[str, Any]) -> tuple[str, str]:
    """The template's name, and the language for a user of these properties."""
    name, language = config.get("template"), config.get("template_language")
    if not name or not language:
        raise GatewayMisconfigured("WhatsApp needs the name and the language of a template")
    codes = {_folded(code): code for code in config.get("other_languages", "").split()}
    codes[_folded(language)] = language
    wanted = _folded(str(properties.get(LANGUAGE_PROPERTY) or ""))
    return name, codes.get(wanted) or codes.get(wanted.partition("_")[0]) or language


def as_parameter(text: str) -> str:
    """The text as a template's variable takes it: what WhatsApp forbids becomes one space."""
    return BLANKS.sub(lambda found: _allowed(found[0]), text).strip()


def _allowed(blanks: str) -> str:
    return blanks if len(blanks) <= MOST_SPACES and not blanks.strip(" ") else " "


def _folded(code: str) -> str:
    return code.strip().replace("-", "_").casefold()
