"""The drain of this app. Importing this file makes it known."""

from callbacks.lanes import DRAIN, due_lanes
from callbacks.reporting import ReportWork
from gateway_project.lib.draining import Drain, register

register(Drain(name=DRAIN, due=due_lanes, open=ReportWork))
