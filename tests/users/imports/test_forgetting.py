from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import LabelFactory
from users.imports.forgetting import forget_imports
from users.imports.models import ImportPart, ImportProblem, ImportRun, ImportState

pytestmark = pytest.mark.django_db


def run_of(state, days, **what):
    now = timezone.now()
    return ImportRun.objects.create(
        label=LabelFactory(), state=state, started_at=now - timedelta(days=days), **what
    )


def uploaded(run):
    ImportPart.objects.create(run=run, number=0, content="x")
    return run


@pytest.mark.parametrize("state", [ImportState.UPLOADING, ImportState.DONE])
def test_an_upload_that_nobody_goes_on_with_is_removed_after_a_day(state):
    ended_at = timezone.now() if state == ImportState.DONE else None
    uploaded(run_of(state, days=0, ended_at=ended_at))
    old = uploaded(run_of(state, days=2, ended_at=ended_at))
    assert forget_imports() == 1
    assert not old.parts.exists()
    assert ImportPart.objects.count() == 1
    old.refresh_from_db()
    assert old.state == (ImportState.DONE if ended_at else ImportState.GIVEN_UP)
    assert forget_imports() == 0


def test_what_waits_for_a_worker_is_not_forgotten():
    run = uploaded(run_of(ImportState.RUNNING, days=2))
    assert forget_imports() == 0
    assert run.parts.exists()


def test_an_import_is_forgotten_with_its_bad_lines_after_ninety_days():
    for days in (1, 91):
        ImportProblem.objects.create(run=run_of(ImportState.DONE, days), line=1, reason="x")
    assert forget_imports() == 1
    assert ImportRun.objects.count() == ImportProblem.objects.count() == 1
