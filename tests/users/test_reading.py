import io
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from users import reading
from users.reading import BadFile, Lines, read_csv, read_ndjson
from users.rows import ABSENT, BadRow


def read(reader, text, **how):
    data = text if isinstance(text, bytes) else text.encode()
    return list(reader(Lines(io.BytesIO(data)), **how))


def taken(reads):
    return {line: row.ext_user_id for line, row in reads if not isinstance(row, BadRow)}


def refused(reads):
    return {line: str(row) for line, row in reads if isinstance(row, BadRow)}


class OneLongLine(io.RawIOBase):
    """100 MB without a line end."""

    left = 100 * 1024 * 1024

    def readable(self):
        return True

    def readinto(self, buffer):
        size = min(len(buffer), self.left)
        self.left -= size
        buffer[:size] = b"x" * size
        return size


HEADER = "ext_user_id,brand,email,phone,country\n"


def test_a_csv_line_is_a_user_and_its_other_columns_are_properties():
    [(line, row)] = read(read_csv, HEADER + "1,a,jo@mailbox.example,0151 1,DE\n")
    assert (line, row.ext_user_id, row.brand, row.properties) == (2, "1", "a", {"country": "DE"})
    assert (row.email.reveal(), row.phone.reveal()) == ("jo@mailbox.example", "0151 1")


def test_columns_may_be_left_out_and_stand_in_any_order():
    [(_, row)] = read(read_csv, "market,ext_user_id\nnorth,1")
    assert (row.ext_user_id, row.email, row.properties) == ("1", ABSENT, {"market": "north"})


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_header_says_how_the_file_is_written(delimiter, end, mark):
    text = end.join([delimiter.join(["ext_user_id", "city"]), delimiter.join(["1", "Köln"]), ""])
    [(_, row)] = read(read_csv, mark + text.encode())
    assert (row.ext_user_id, row.properties) == ("1", {"city": "Köln"})


def test_an_empty_cell_says_nothing():
    [(_, row)] = read(read_csv, HEADER + "1,,,,\n")
    assert (row.brand, row.email, row.phone, row.properties) == (ABSENT, ABSENT, ABSENT, {})


def test_an_empty_cell_clears_where_that_is_asked_for():
    [(_, row)] = read(read_csv, HEADER + "1,,,,\n", empty_clears=True)
    assert (row.brand, row.email, row.phone, row.properties) == (
        None,
        None,
        None,
        {"country": None},
    )


def test_quoted_cells_may_hold_delimiters_quotes_and_line_ends():
    reads = read(read_csv, 'ext_user_id,note\n1,"a, ""b""\nand c"\n2,plain\n3,5" wide\n')
    assert [(line, row.properties["note"]) for line, row in reads] == [
        (2, 'a, "b"\nand c'),
        (4, "plain"),
        (5, '5" wide'),
    ]


def test_empty_lines_are_passed_over():
    assert taken(read(read_csv, "ext_user_id\n\n1\n\r\n2\n\n")) == {3: "1", 5: "2"}
    assert taken(read(read_ndjson, '\n{"ext_user_id": 1}\n  \n{"ext_user_id": 2}')) == {
        2: "1",
        4: "2",
    }


def test_a_formula_is_a_text_like_any_other():
    [(_, row)] = read(read_csv, 'ext_user_id,note\n1,"=HYPERLINK(""http://x"")"\n')
    assert row.properties == {"note": '=HYPERLINK("http://x")'}


def test_bad_csv_lines_are_told_by_number_and_harm_no_other():
    lines = [
        b"ext_user_id,email",
        b"1,jo@mailbox.example",
        b"2",
        b"3,jo@mailbox.example,canary",
        b"4,canary",
        b",jo@mailbox.example",
        b"6,canary\xff@mailbox.example",
        b"7,can\x00ary@mailbox.example",
        b'8,"canary"@mailbox.example',
        b"9,canary\r@mailbox.example",
        b"10,jo@mailbox.example",
    ]
    reads = read(read_csv, b"\n".join(lines))
    assert taken(reads) == {2: "1", 11: "10"}
    assert refused(reads) == {
        3: "1 columns where the header has 2",
        4: "3 columns where the header has 2",
        5: "email is not one e-mail address",
        6: "ext_user_id is missing",
        7: "not UTF-8",
        8: "email holds a character that cannot be kept",
        9: "a quote is not closed or stands inside a cell",
        10: "a quote is not closed or stands inside a cell",
    }


@pytest.mark.parametrize("after", [3, 500])
def test_a_quote_that_is_never_closed_costs_one_line(after):
    good = "".join(f"{n},x\n" for n in range(after))
    reads = read(read_csv, f'ext_user_id,note\n0,a\nbad,"canary\n{good}')
    assert refused(reads) == {3: "a quote is not closed or stands inside a cell"}
    assert len(taken(reads)) == after + 1


def test_two_stray_quotes_cost_two_lines():
    reads = read(read_csv, 'ext_user_id,note\n1,"a\n2,b\n3,"c\n4,d\n')
    assert taken(reads) == {3: "2", 5: "4"}
    assert set(refused(reads)) == {2, 4}


@pytest.mark.parametrize("reader", [read_csv, read_ndjson])
@pytest.mark.parametrize("length", [20, 21, 40, 41, 79, 100])
def test_a_line_that_is_too_long_is_not_held(reader, length, monkeypatch):
    monkeypatch.setattr(reading, "LONGEST_LINE", 20)
    good = '{"ext_user_id": 1}' if reader is read_ndjson else "1"
    reads = read(reader, f"ext_user_id\n{'x' * length}\n{good}\n".encode())
    assert refused(reads)[2] == "longer than 20 bytes"
    assert taken(reads) == {3: "1"}


@pytest.mark.parametrize("after", [2, 4, 6])
def test_reading_begins_where_a_record_does(after):
    text = 'ext_user_id,note\n1,"a\nb"\n2,"c\nd"\n3,"e\nf"\n'
    whole = read(read_csv, text)
    rest = [(line, row.ext_user_id) for line, row in read(read_csv, text, after=after)]
    assert rest == [(line, row.ext_user_id) for line, row in whole if line >= after]


def test_reading_ndjson_begins_with_a_line():
    text = "\n".join(f'{{"ext_user_id": {n}}}' for n in range(1, 6))
    assert taken(read(read_ndjson, text, after=4)) == {4: "4", 5: "5"}
    assert read(read_ndjson, text, after=9) == []


def test_a_line_of_many_pieces_is_told_once_and_not_held():
    tracemalloc.start()
    reads = read_ndjson(Lines(io.BufferedReader(OneLongLine())))
    assert refused([next(reads)]) == {1: f"longer than {reading.LONGEST_LINE} bytes"}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * 1024 * 1024


def test_the_last_line_needs_no_end():
    assert taken(read(read_csv, "ext_user_id\n1\n2")) == {2: "1", 3: "2"}


def test_lines_count_every_byte():
    lines = Lines(io.BytesIO(b"a\r\n\nb"))
    assert list(lines) == [(1, b"a"), (2, b""), (3, b"b")]
    assert lines.bytes_read == 5


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n",
        b"canary\n1\n",
        b"ext_user_id,canary,canary\n",
        b"ext_user_id,\n",
        b"canary\xff,ext_user_id\n",
        "ext_user_id,canary\n1,2\n".encode("utf-16"),
        b'"ext_user_id,canary\n',
    ],
)
def test_a_file_without_a_usable_header_is_refused_as_a_whole(text):
    with pytest.raises(BadFile) as raised:
        read(read_csv, text)
    assert "canary" not in str(raised.value)


def test_an_ndjson_line_is_a_user():
    said = {
        "ext_user_id": "1",
        "brand": None,
        "email": "jo@mailbox.example",
        "properties": {"country": "DE", "vip": True},
    }
    [(line, row)] = read(read_ndjson, b"\xef\xbb\xbf" + json.dumps(said).encode())
    assert (line, row.ext_user_id, row.brand, row.phone) == (1, "1", None, ABSENT)
    assert row.email.reveal() == "jo@mailbox.example"
    assert row.properties == {"country": "DE", "vip": True}


@pytest.mark.parametrize(
    "bad",
    [
        b"{",
        b'{"ext_user_id": "canary"',
        b'["canary"]',
        b'"canary"',
        b"null",
        b'{"ext_user_id": "canary", "ext_user_id": "canary"}',
        b'{"ext_user_id": NaN}',
        b'{"ext_user_id": "\xff"}',
        b'{"ext_user_id": "canary\\ud800"}',
        b'{"ext_user_id": "canary\\u0000"}',
        b'{"ext_user_id": "1", "properties": {"a": 1e999}}',
        b'{"ext_user_id": "1", "country": "canary"}',
        b"[" * 100_000,
        b'{"ext_user_id": "1", "properties": ' + b'{"a":' * 1000 + b"1" + b"}" * 1001,
        b"ext_user_id,canary",
    ],
)
def test_bad_ndjson_lines_are_told_by_number_and_harm_no_other(bad):
    good = b'{"ext_user_id": "1"}'
    reads = read(read_ndjson, b"\n".join([good, bad, good]))
    assert taken(reads) == {1: "1", 3: "1"}
    assert set(refused(reads)) == {2}
    assert "canary" not in refused(reads)[2]
    assert "line 1" not in refused(reads)[2]


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_no_bytes_stop_the_reading(lines):
    for reader, first in ((read_csv, b"ext_user_id,a"), (read_ndjson, b"")):
        reads = read(reader, b"\n".join([first, *lines, b"tail,1", b'{"ext_user_id": "tail"}']))
        assert "tail" in taken(reads).values()
        numbers = [line for line, _ in reads]
        assert numbers == sorted(set(numbers))
