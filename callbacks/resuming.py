"""Resuming: a suspended label goes on once one real call has shown that its api_key is taken."""

from collections.abc import Iterator
from typing import Any

from callbacks.claiming import lease
from callbacks.lanes import UNREADABLE, Lane, lanes_with_debts
from callbacks.reporting import ReportWork
from callbacks.tries import Told, Try
from callbacks.trying import Tried, meaning, try_callback
from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from gateways import configuration
from gateways.auditing import record
from gateways.callback_hosts import CallbackRefused, check_callback_url
from gateways.models import Action, Label

NO_URL = "nothing is owed, and no request has named a callback_url yet: there is nothing to call"


def resume(label: Label, actor: Any) -> Tried:
    """Tells one status that is owed, or where nothing is, of a made-up message, and lets the
    label's callbacks go on if the api_key was taken. Until then nothing else is called.
    """
    configuration.forget_now()  # the api_key that is saved at this moment
    tried = _tell_something_owed(label) or try_callback(configuration.current().labels[label.pk])
    tried = tried or Tried(is_taken=False, text=NO_URL)
    with writing():
        row = Label.objects.select_for_update().get(pk=label.pk)
        changes = {"test call": tried.text}
        if tried.is_taken and row.callbacks_suspended_at is not None:
            Label.objects.filter(pk=row.pk).update(
                callbacks_suspended_at=None, callbacks_suspended_because=""
            )
            changes["callbacks"] = "resumed"
        record(actor, Action.TESTED, row, changes=changes)
    return tried


def _tell_something_owed(label: Label) -> Tried | None:
    """A try as any other, of what its lane would tell first; None where no lane has anything."""
    for lane in _lanes(label):
        work = ReportWork(lane.key)
        for item in _first(lane):
            told = _tell(work, item)
            return meaning(told.verdict, told.detail)
    return None


def _lanes(label: Label) -> Iterator[Lane]:
    """Those of the label that may be called."""
    for lane in lanes_with_debts(label.pk):
        if lane.host != UNREADABLE:
            try:
                check_callback_url(lane.host, label.callback_hosts)
            except CallbackRefused:
                continue
            yield lane


def _first(lane: Lane) -> list[Try]:
    """The one delivery that is next in line, whether it is due or waits to be tried again."""
    with writing():
        now = database_now()
        free = lane.deliveries().owed().unleased(now).first_in_line(now)
        return lease(free.order_by("due_at", "pk"), 1, now)


def _tell(work: ReportWork, item: Try) -> Told:
    finished = [(item, work.start(item))]
    (told,) = work.told(finished)
    work.settle(finished)
    return told
