from html import unescape

import pytest

from gateways.providers.velocity import has_opaque_markup, holds_markup, without_markup

MARKUP = [
    "$name",
    "$!name",
    "${name}",
    "$!{name}",
    "$$name",
    "#if($x)",
    "#{else}",
    "#endless",
    "## the rest of the line",
    "#* hidden *#",
    "#[[raw]]#",
    "#@body()",
    "#greet('you')",
]
PLAIN = ["5$ off", "$500", "US$ 5", "we are #1", "#winner", "color: #ffffff", "$", "#", "{{name}}"]


@pytest.mark.parametrize("text", MARKUP)
def test_what_may_be_markup_is_known(text):
    assert holds_markup(f"Hello {text} there")


@pytest.mark.parametrize("text", PLAIN)
def test_what_cannot_be_markup_stays(text):
    assert not holds_markup(f"Hello {text} there")
    assert without_markup(f"<p>{text}</p>") == f"<p>{text}</p>"


@pytest.mark.parametrize("text", MARKUP)
def test_html_without_markup_is_read_as_it_was_written(text):
    html = without_markup(f'<p title="{text}">{text}</p>')

    assert not holds_markup(html)
    assert unescape(html) == f'<p title="{text}">{text}</p>'


@pytest.mark.parametrize("element", ["style", "SCRIPT", "style media='x'"])
def test_styles_and_scripts_are_left_alone_and_their_markup_told_of(element):
    name = element.split()[0]
    harmless = f"<{element}>a {{ color: #fff }}</{name}>"
    html = f"<{element}>$jq</{name}><p>$x</p>"

    assert not has_opaque_markup(harmless)
    assert without_markup(harmless) == harmless
    assert has_opaque_markup(html)
    assert without_markup(html) == f"<{element}>$jq</{name}><p>&#36;x</p>"
