"""What can become of a send, named for what happens next."""


class ProviderError(Exception):
    """`detail` is the provider's reason (scrubbed by the engine before it is kept)."""

    def __init__(self, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(type(self).__name__)
        self.detail = detail
        self.retry_after = retry_after


class MessageRejected(ProviderError):
    """The provider will never take this message: it ends as rejected."""


class GatewayUnavailable(ProviderError):
    """Nothing was taken, and another gateway or another moment may do. `retry_after` in seconds."""


class GatewayMisconfigured(ProviderError):
    """The account, not the message, is at fault: the gateway is paused and a human told."""


class OutcomeUnknown(ProviderError):
    """The request was written and no readable answer came: it may have been taken."""


class WebhookRefused(Exception):
    """A webhook whose sender did not prove itself. The text is answered; it holds no secret."""
