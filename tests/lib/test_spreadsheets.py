"""CSV for spreadsheets."""

import pytest

from gateway_project.lib.spreadsheets import as_csv


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "\tx", "\rx"),
        *(" =1+1", "\n=1+1", "\r\n +1", "\xa0-1", "\u3000@A1", "\x0b=1", "\x00=1", "\x85=1"),
        *("\ufeff=1", "\u200b=1", "\u2060 \u2028=1", "\u202e=1"),
        *("\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20A1", "\ufe661", "\ufe62 1", "\u22121"),
        " \uff1dHYPERLINK(1)",
    ],
)
def test_a_formula_becomes_a_text(text):
    (line,) = as_csv([[text]])
    assert line.lstrip('"').startswith("'")


def test_other_cells_stay_as_they_are():
    assert list(as_csv([["a", None, 7, " a=1", "\u2013 b", ""]])) == [
        "a,,7, a=1,\u2013 b,\r\n",
    ]
    assert list(as_csv([['with "quotes", and comma']])) == [
        '"with ""quotes"", and comma"\r\n',
    ]
