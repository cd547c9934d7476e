"""The drains of this app. Importing this file makes them known."""

from callbacks import mailboxes
from callbacks.lanes import DRAIN, due_lanes
from callbacks.reporting import ReportWork
from gateway_project.lib.draining import Drain, register

register(Drain(name=DRAIN, due=due_lanes, open=ReportWork))
register(
    Drain(
        name=mailboxes.DRAIN,
        due=mailboxes.due_gateways,
        open=mailboxes.MailboxWork,
        look_every=mailboxes.LOOK_EVERY_SECONDS,
    )
)
