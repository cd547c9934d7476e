"""What can become of a send, named for what happens next."""

from gateway_project.lib.vocabulary import Status


class ProviderError(Exception):
    """`detail` is the provider's reason (scrubbed by the engine before it is kept)."""

    def __init__(self, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(type(self).__name__)
        self.detail = detail
        self.retry_after = retry_after


class MessageRejected(ProviderError):
    """The provider will never take this message: it ends as rejected.

    `learnt` are further statuses that the refusal tells of, such as unsubscribed; `is_permanent`
    says that the address itself is at fault: it is suppressed.
    """

    def __init__(
        self,
        detail: str,
        *,
        learnt: tuple[Status, ...] = (),
        is_permanent: bool = False,
    ) -> None:
        super().__init__(detail)
        self.learnt = learnt
        self.is_permanent = is_permanent


class GatewayUnavailable(ProviderError):
    """Nothing was taken, and another gateway or another moment may do. `retry_after` in seconds.

    `is_throttle`: the provider is well, and wants fewer calls.
    """

    def __init__(
        self, detail: str, *, retry_after: float | None = None, is_throttle: bool = False
    ) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.is_throttle = is_throttle or retry_after is not None


class GatewayMisconfigured(ProviderError):
    """The account, not the message, is at fault: the gateway is paused and a human told."""


class BatchRefused(ProviderError):
    """A call with several messages was refused as a whole, and one of them may be at fault: nothing
    was taken, and each goes again by itself.
    """


class OutcomeUnknown(ProviderError):
    """The request was written and no readable answer came: it may have been taken."""


class WebhookRefused(Exception):
    """A webhook whose sender did not prove itself. The text is answered; it holds no secret.

    `status` is the HTTP status of the answer: 503 where the provider is to send it again, signed.
    """

    def __init__(self, text: str, *, status: int = 401) -> None:
        super().__init__(text)
        self.status = status
