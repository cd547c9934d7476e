"""The gateways a message may take, in the order of preference."""

from gateway_project.lib.fields import opens
from gateway_project.lib.vocabulary import Channel
from gateways import breakers, configuration
from gateways.circuits import Circuit
from gateways.routing import Route, route, route_preview
from gateways.values import GatewayValues, LabelValues
from messages_app.models import Message
from users.directories.copies import is_emptied
from users.models import EndUser


def routed(
    label: LabelValues, channel: Channel, user: EndUser | None, brand_id: int | None
) -> Route:
    """The route to a user; a preview, which has no user, is not filtered."""
    if user is None:
        return route_preview(label.gateways, channel=channel, brand_id=brand_id)
    return route(label.gateways, channel=channel, brand_id=brand_id, properties=user.properties)


def is_usable(gateway: GatewayValues) -> bool:
    """Whether messages may leave through it now: it runs, and its provider answers and takes
    more."""
    runs = gateway.is_active and not gateway.is_paused
    return runs and not breakers.is_broken(gateway.id) and not breakers.is_held(gateway.id)


def may_be_tried(gateway: GatewayValues) -> bool:
    """Whether a new message may go there: it is usable, or it is time to see whether it is again.
    Were none to go, a gateway that others stand in for would never be tried."""
    circuit = breakers.circuit_of(gateway.id)
    return gateway.is_active and not gateway.is_paused and circuit is not Circuit.OPEN


def preferred(fits: tuple[GatewayValues, ...]) -> GatewayValues:
    """The best of those that fit and may be tried; where none may, the best, which will hold it.

    What the blast guard holds goes on holding what comes: the rest of a campaign that was stopped
    is not to leave another way.
    """
    return next((each for each in fits if each.is_held_by_guard or may_be_tried(each)), fits[0])


def gateways_for(message: Message) -> tuple[GatewayValues, ...]:
    """Those that fit a stored message now, by the present configuration; for a test, its own. None
    where nobody can tell: what is known of its user is gone, or does not open."""
    if message.is_test:
        return (configuration.current().gateways[message.gateway_id],)
    label = configuration.current().labels[message.label_id]
    if message.end_user and not _is_known(label, message.end_user):
        return ()
    return routed(label, Channel(message.channel), message.end_user, message.brand_id).fits


def _is_known(label: LabelValues, user: EndUser) -> bool:
    """Whether the user's properties are there. Without them another gateway would fit."""
    return not is_emptied(label, user) and opens(user.sealed_properties)
