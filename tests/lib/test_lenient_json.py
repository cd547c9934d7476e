import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_project.lib.lenient_json import NotJson, read_answer, read_object

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=4)


@given(OBJECTS, st.booleans(), st.sampled_from([None, 1]))
def test_every_json_object_is_read_as_it_was_written(value, ascii_only, indent):
    raw = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    assert read_object(raw) == value


@given(OBJECTS.filter(bool))
def test_a_trailing_comma_in_every_object_and_list_changes_nothing(value):
    dumped = json.dumps(value, indent=1)
    lines = dumped.split("\n")
    for number, line in enumerate(lines[:-1]):
        closes_next = lines[number + 1].strip()[0] in "]}"
        if closes_next and not line.endswith(("[", "{")):
            lines[number] = line + " ,"
    assert read_object("\n".join(lines).encode()) == value


def test_smarticos_documented_example_is_read_as_it_stands():
    raw = b"""{
      "ext_user_id": "hhu234556",
      "from_number": null,
      "extension" : {
        "title": "Microsoft is raising, }",
        "instrument": "MSFT",
      }
    }"""
    assert read_object(raw)["extension"] == {
        "title": "Microsoft is raising, }",
        "instrument": "MSFT",
    }


def test_a_byte_order_mark_is_passed_over():
    assert read_object(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "latin-1"]
)
def test_any_other_encoding_is_refused(encoding):
    with pytest.raises(NotJson):
        read_object('{"name": "ä"}'.encode(encoding))


@pytest.mark.parametrize("raw", [b"", b" ", b"null", b"[]", b'"text"', b"42", b"true", b"[{}]"])
def test_what_is_not_an_object_is_refused(raw):
    with pytest.raises(NotJson):
        read_object(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": 1,,}',
        b"{,}",
        b'{"a": [,]}',
        b'{"a":,}',
        b'{"a": 1}}',
        b'{"a": 1} {"b": 2}',
        b"{'a': 1}",
        b"{a: 1}",
        b'{"a": 1 // no\n}',
        b'{"a": "x\ny"}',
        b'{"a": 01}',
        b'{"a": .5}',
        b'{"a": "\\x"}',
        b'{"a": "open',
        b'{"a": "open\\',
        b"a=1&b=2",
        b"\xef\xbb\xbf\xef\xbb\xbf{}",
    ],
)
def test_other_broken_json_is_refused(raw):
    with pytest.raises(NotJson):
        read_object(raw)


@pytest.mark.parametrize(
    "number",
    ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9223372036854775808", "1" * 5000],
)
def test_numbers_that_a_database_cannot_hold_are_refused(number):
    with pytest.raises(NotJson):
        read_object(f'{{"a": {{"b": [{number}]}}}}'.encode())


def test_the_smallest_and_the_largest_integer_are_read():
    raw = b'{"low": -9223372036854775808, "high": 9223372036854775807}'
    assert read_object(raw) == {"low": -(2**63), "high": 2**63 - 1}


@pytest.mark.parametrize("raw", [b'{"a": 1, "a": 1}', b'{"x": [{"a": 1, "\\u0061": 2,}]}'])
def test_a_key_that_is_there_twice_is_refused_wherever_it_is(raw):
    with pytest.raises(NotJson):
        read_object(raw)


def nested(depth: int) -> bytes:
    return b'{"a": ' * depth + b"1" + b"}" * depth


def test_sixty_four_levels_are_read_and_one_more_is_not():
    assert read_object(nested(64))["a"]["a"]
    with pytest.raises(NotJson):
        read_object(nested(65))


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_nesting_without_end_is_refused(opening):
    with pytest.raises(NotJson):
        read_object(('{"a":' + opening * 100_000).encode())


def test_brackets_in_strings_are_not_levels():
    assert read_object(json.dumps({"body": '{[\\"' * 1000}).encode())


def test_a_refusal_says_where_and_quotes_nothing():
    raw = b'{"phone": "+491511234567",\n "email": canary@mailbox.example}'
    with pytest.raises(NotJson) as refusal:
        read_object(raw)
    assert str(refusal.value) == "not JSON at line 2, column 11"
    assert refusal.value.__context__ is None


def test_positions_stay_true_when_trailing_commas_were_passed_over():
    with pytest.raises(NotJson, match="line 2, column 7"):
        read_object(b'{"a": [1, ], \n "b": nope}')


def test_quotes_without_end_do_not_take_forever():
    with pytest.raises(NotJson):
        read_object(b'{"a": "' + b'\\"' * 1_000_000 + b"{" * 100)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"error_code": 0}', {"error_code": 0}),
        ('{"error_code": 0,}', {"error_code": 0}),
        ('{\n  "error_code": 0,\n  "ids": [1, 2, ],\n}', {"error_code": 0, "ids": [1, 2]}),
        ("0", 0),
        ("<html>, }</html>", None),
        ("", None),
        ("[" * 100_000, None),
        ("1" * 5000, None),
    ],
)
def test_an_answer_is_read_as_far_as_it_can_be(text, value):
    assert read_answer(text) == value


MARKS = {
    "brackets": b"[],",
    "objects": b"{},",
    "with trailing commas": b"[1,],",
    "numbers": b"0,",
    "strings": b'"a",',
    "strings without commas": b'"a" ',
}


@pytest.mark.parametrize("mark", MARKS.values(), ids=MARKS)
def test_what_has_too_many_signs_is_not_read(mark):
    with pytest.raises(NotJson, match="more than 10,000 strings, commas and brackets"):
        read_object(b'{"a": [' + mark * 12_000 + b"0]}", most_signs=10_000)


def test_signs_in_a_string_are_not_counted():
    text = '[{"' * 5_000
    assert read_object(json.dumps({"a": text}).encode(), most_signs=10) == {"a": text}


def test_as_many_signs_as_may_be_are_read():
    assert read_object(b'{"a": [0, 0, 0]}', most_signs=5)
    with pytest.raises(NotJson):
        read_object(b'{"a": [0, 0, 0]}', most_signs=4)
