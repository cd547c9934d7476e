"""CSV for spreadsheets."""

import pytest

from gateway_project.lib.spreadsheets import as_csv


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1"])
def test_a_formula_becomes_a_text(text):
    (line,) = as_csv([[text]])
    assert line.lstrip('"').startswith("'")


def test_other_cells_stay_as_they_are():
    assert list(as_csv([["a", None, 7], ['with "quotes", and comma']])) == [
        "a,,7\r\n",
        '"with ""quotes"", and comma"\r\n',
    ]
