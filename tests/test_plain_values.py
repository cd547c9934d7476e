"""Where the plain value of a secret or an address comes out: in the files listed here, each for its
reason, and nowhere else."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("gateway_project", "gateways", "users", "messages_app", "callbacks")

ADAPTERS = "an adapter: it puts the recipient into the request"
SEALING = "the type itself, its column, and what takes it out of texts"
MASKING = "shows stars, or decides on the plain value and keeps it to itself"
ACCOUNT = "an account's or a label's own settings, no end user's data"

PLACES = {
    "gateways/providers/": ADAPTERS,
    "gateway_project/lib/fields.py": SEALING,
    "gateway_project/lib/redaction.py": SEALING,
    "users/models.py": "makes an address of what is stored, and wraps it again",
    "users/news.py": "whether what is told is what is stored",
    "users/admin.py": MASKING,
    "users/api/platform/answers.py": MASKING,
    "gateway_project/back_office/routes/explaining.py": MASKING,
    "gateway_project/operations/doctor/users.py": MASKING,
    "users/reveal_page.py": "the page that shows an address, after it was written down who looks",
    "users/imports/uploads.py": "an uploaded file, read line by line while it is imported",
    "users/exporting.py": "a person's own copy of the data, by right and with a reason",
    "messages_app/outbound.py": "opens the recipient and wraps it again, and the content",
    "messages_app/planning.py": "the domain of a preview's recipient; a callback_url",
    "messages_app/requests.py": "a digest of the whole request",
    "messages_app/recipients.py": "the blind index of an address that a report names",
    "messages_app/relaying/provider_listener.py": "opens what a relay carries, and wraps it again",
    "messages_app/relaying/notices.py": "what a relay carries: an index, no address",
    "messages_app/relaying/label_listeners.py": ACCOUNT,
    "messages_app/admin.py": MASKING,
    "messages_app/inbox.py": "what a stranger called the provider's id, to look its message up",
    "messages_app/rereading.py": "a report that could not be read, kept scrubbed",
    "messages_app/unreadable.py": "the same, shown scrubbed",
    "callbacks/api/status.py": "compares an api_key",
    "callbacks/owing.py": "the host of a callback_url",
    "callbacks/calling.py": "the callback itself",
    "users/directories/kept.py": ACCOUNT,
    "gateway_project/operations/alerts/ways.py": ACCOUNT,
    "gateway_project/operations/doctor/labels.py": ACCOUNT,
    "gateways/adapters.py": ACCOUNT,
    "gateways/admin/access.py": ACCOUNT,
    "gateways/admin/key.py": "a new secret, shown once",
    "gateways/admin/alerts_form.py": ACCOUNT,
    "gateways/admin/label_form.py": ACCOUNT,
    "gateways/admin/opt_out_form.py": ACCOUNT,
    "gateways/admin/opt_outs.py": "a new secret, shown once",
    "gateways/opt_outs.py": ACCOUNT,
    "gateways/api/asking.py": ACCOUNT,
    "gateways/api/platform/repeats.py": "an answer that was given, given again to the same key",
    "gateways/auditing.py": "a digest, to tell whether a secret has changed",
    "gateways/callers.py": ACCOUNT,
    "gateways/config_file/": ACCOUNT,
    "gateways/models/gateway.py": ACCOUNT,
    "gateways/models/second_factor.py": "the seed of a token app, to compare a token with",
    "gateways/setup_sheet.py": "the names of required headers",
}


def place_of(path: str) -> str | None:
    fitting = (place for place in PLACES if path == place or (place[-1] == "/" and place in path))
    return next(fitting, None)


def revealing() -> Iterator[str]:
    """The files in which `.reveal` stands, called or handed on."""
    for package in OURS:
        for path in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(path.read_text())
            if any(
                isinstance(node, ast.Attribute) and node.attr == "reveal" for node in ast.walk(tree)
            ):
                yield path.relative_to(ROOT).as_posix()


def test_plain_values_come_out_where_it_is_said_and_nowhere_else():
    strange = [path for path in revealing() if place_of(path) is None]
    assert strange == []


@pytest.mark.parametrize("place", PLACES)
def test_every_place_that_is_listed_needs_it(place):
    assert place in {place_of(path) for path in revealing()}


def test_nothing_reads_the_value_past_the_one_method():
    own = {"gateway_project/lib/personal.py"}
    for package in OURS:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name in own:
                continue
            reads = [
                node
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Attribute) and node.attr == "_value"
            ]
            # Enumerations have a `_value_`, which is another name.
            assert not reads, name
