"""The drains of this floor."""

from gateway_project.lib.draining import Drain, register
from messages_app import polling
from messages_app.inbox import InboxWork, due_keys
from messages_app.polling import PollWork
from messages_app.relaying import draining as relays
from messages_app.relaying.draining import RelayWork
from messages_app.sending import SendWork, due_gateways

register(Drain(name="send", due=due_gateways, open=SendWork))
register(Drain(name="inbox", due=due_keys, open=InboxWork))
register(Drain(name="poll", due=polling.due_gateways, open=PollWork, look_every=1.0))
register(Drain(name="relay", due=relays.due_listeners, open=RelayWork, look_every=0.5))
