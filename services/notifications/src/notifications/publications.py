"""What the service says in public: that a notice was laid in the inbox or handed to a channel, or couldn't be."""

from baqylau.contracts import notifications as public
from baqylau.contracts.values import ChannelKind
from baqylau.eventstore.aggregate import DomainEvent
from baqylau.eventstore.store import Publish
from baqylau.lines import Line
from baqylau.messaging.envelope import Publication

from notifications.domain.notice import Notice, NoticeEvent


def publications(line: Line) -> Publish:
    """The public event of each domain event. Recipients, addresses, facts and what was read stay inside."""

    def publish(event: DomainEvent) -> Publication | None:
        if not isinstance(event, NoticeEvent):
            return None
        said = vars(event) | {"notice_id": event.originator_id}
        at = event.cause.recorded_at
        match event:
            case Notice.NoticeWritten():
                said |= {"channel": ChannelKind.INBOX, "attempt": 1, "sent_at": at}
            case Notice.NotificationSent():
                said |= {"sent_at": at}
            case Notice.NotificationFailed():
                said |= {"failed_at": at, "reason_code": event.reason, "final": event.again_at is None}
        contract = (
            public.NotificationFailed if isinstance(event, Notice.NotificationFailed) else public.NotificationSent
        )
        return Publication(contract.model_validate(said), (line,), (event.unit_id,))

    return publish
