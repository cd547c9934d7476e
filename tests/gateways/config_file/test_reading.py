import pytest

from gateways.config_file.problems import ConfigFileRefused
from gateways.config_file.reading import read


def refused(text: str, **environment: str) -> str:
    with pytest.raises(ConfigFileRefused) as caught:
        read(text, environment)
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("42", 42),
        ("-1", -1),
        ("0049", "0049"),
        ("+49", "+49"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("1.50", "1.50"),
        ("1e5", "1e5"),
        ("2024-01-31", "2024-01-31"),
        ('"42"', "42"),
    ],
)
def test_plain_scalars_are_read_as_json_would(written, meant):
    assert read(f"value: {written}", {}) == {"value": meant}


def test_names_are_filled_from_the_environment_also_within_longer_texts():
    text = 'a: "${HOST}"\nb: ["https://${HOST}:${PORT}/x"]'
    filled = read(text, {"HOST": "example.com", "PORT": "81"})
    assert filled == {"a": "example.com", "b": ["https://example.com:81/x"]}


def test_what_the_environment_holds_is_text_and_is_not_filled_again():
    assert read('a: "${A}"', {"A": "${B}", "B": "x"}) == {"a": "${B}"}
    assert read('a: "${A}"', {"A": "42"}) == {"a": "42"}


def test_a_doubled_dollar_stands_for_itself():
    assert read('a: "$${NAME} $$ $5 $(x)"', {}) == {"a": "${NAME} $$ $5 $(x)"}


def test_all_missing_names_are_told_at_once_with_their_places():
    text = 'labels: [{slug: "${FIRST}", keys: [{secret: "${SECOND}"}]}]'
    assert refused(text) == (
        "labels[0].slug: the environment has no FIRST\n"
        "labels[0].keys[0].secret: the environment has no SECOND"
    )


@pytest.mark.parametrize("text", ["${}", "${A-B}", "${1A}", "${NAME", "${NAME }"])
def test_a_placeholder_without_a_proper_name_is_refused(text):
    assert refused(f'a: "{text}"', NAME="x") == "a: ${...} must hold a name"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1\nb: 2", "line 2, column 2"),
        ("a: 'canary", "line 1, column 11"),
        ("a: *canary", "line 1, column 4"),
        ("a: !canary x", "line 1, column 4"),
        ("a: 1\na: 2", "line 2, column 1: not valid YAML: this key is given twice"),
        ("b: x\na: \x00canary", "line 2, column 4: a character is not allowed"),
        ("a: !!python/object:canary {}", "line 1, column 4"),
        ("{[canary]: 1}", "line 1, column 2"),
        ("--- 1\n--- canary", "line 2, column 1"),
    ],
)
def test_a_syntax_error_names_line_and_column_and_quotes_nothing(text, told):
    message = refused(text)
    assert message.startswith(told)
    assert "canary" not in message


@pytest.mark.parametrize("text", ["[" * 100_000, "a: &a [*a]"])
def test_endless_nesting_is_refused(text):
    assert refused(text) == "the file: it is nested too deeply"


def test_a_merged_key_may_be_overridden():
    text = "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}"
    assert read(text, {})["b"] == {"x": 1, "y": 3}
