import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from gateways.models import Gateway, Label
from tests.gateways.config_file.conftest import HOUSE, SECRETS

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "house.yaml"
    path.write_text(HOUSE, encoding="utf-8")
    return path


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def refused(*arguments: str) -> str:
    with pytest.raises(CommandError) as caught:
        told(*arguments)
    return str(caught.value)


def test_apply_config_prints_what_changed_and_then_that_nothing_is_left(file):
    lines = told("apply_config", str(file)).splitlines()
    assert lines[0] == "created     label amazing"
    assert lines[-1] == "11 changed"
    assert told("apply_config", str(file)) == "nothing to change\n"


def test_a_dry_run_prints_the_same_lines_and_changes_nothing(file):
    dry = told("apply_config", str(file), "--dry-run").splitlines()
    assert dry[-1] == "11 to change (dry run: nothing was changed)"
    assert not Label.objects.exists()
    assert told("apply_config", str(file)).splitlines()[:-1] == dry[:-1]


def test_apply_config_prints_no_secret(file):
    shown = told("apply_config", str(file))
    file.write_text(HOUSE.replace("${SERVICE_KEY}", "${STATUS_KEY}"), encoding="utf-8")
    shown += told("apply_config", str(file))
    assert "config.service_key" in shown
    assert "canary" not in shown


def test_what_looks_like_markup_is_printed_as_it_is(file):
    file.write_text("labels: [{slug: a, brands: [{slug: b, name: '[red]x'}]}]")
    told("apply_config", str(file))
    assert Label.objects.get().brands.get().name == "[red]x"


def test_a_dash_reads_the_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("labels: [{slug: amazing}]"))
    assert "created     label amazing" in told("apply_config", "-")


def test_a_refused_file_is_told_by_its_places_and_changes_nothing(file):
    file.write_text("labels: [{slug: fine}, {slug: amazing, color: red}]")
    assert refused("apply_config", str(file)) == (
        "The file is not applied.\nlabels[1].color: there is no such key"
    )
    assert not Label.objects.exists()


def test_a_failure_halfway_leaves_nothing_behind(file, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(Gateway, "save", broken)
    with pytest.raises(RuntimeError):
        told("apply_config", str(file))
    assert not Label.objects.exists()


def test_a_file_that_is_missing_or_not_text_is_told(tmp_path):
    assert refused("apply_config", str(tmp_path / "none.yaml")).endswith(
        "No such file or directory"
    )
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    assert refused("apply_config", str(tmp_path / "binary")).endswith("the file is not UTF-8")


def test_export_config_prints_a_file_that_apply_config_reads(file, monkeypatch):
    told("apply_config", str(file))
    exported = told("export_config", "--label", "amazing")
    file.write_text(exported)
    missing = refused("apply_config", str(file))
    assert "labels[0].callback.api_key: the environment has no AMAZING_CALLBACK_API_KEY" in missing
    assert "canary" not in exported


def test_export_config_of_a_label_that_is_not_there_says_so():
    assert refused("export_config", "--label", "nobody") == "There is no label nobody."
    assert refused("export_config") == "There are no labels."
