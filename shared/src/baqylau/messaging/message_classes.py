"""Makes kafka-python's message classes and codecs one at a time.

They are made when first needed, by whichever thread comes first, and kept for the whole process. In 3.0.12, where two
clients of a process need the same one at the same moment, a register may be left with a class that is gone, or a codec
with a reference that can't be called: every later response of that kind then ends in a `ReferenceError` or `TypeError`,
in each client that the process makes from then on. It would never hear from Kafka again. Seen so, in about one of fifty
starts under load. With the lock, the second thread finds what the first has made.

Each costs a millisecond, a process that joins a group and publishes needs thirty: who forks processes makes them ahead.
"""

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

from kafka.protocol.api_message import ApiMessage, VersionSubscriptable
from kafka.protocol.schemas import StructField

SPOKEN = {
    "ApiVersions": 4,
    "Fetch": 12,
    "FindCoordinator": 6,
    "Heartbeat": 4,
    "InitProducerId": 4,
    "JoinGroup": 7,
    "LeaveGroup": 5,
    "ListOffsets": 11,
    "Metadata": 13,
    "OffsetCommit": 8,
    "OffsetFetch": 8,
    "Produce": 9,
    "SyncGroup": 5,
}
"""What a service and a broker of today speak: Kafka's APIs, and the version of each that they agree on."""

_making = threading.RLock()


def _one_at_a_time(make: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(make)
    def made(*args: Any, **kwargs: Any) -> Any:
        with _making:
            return make(*args, **kwargs)

    return made


def make_one_at_a_time() -> None:
    """From now on. Called once, before the process has a client."""
    for owner, name in (
        (VersionSubscriptable, "__getitem__"),
        (StructField, "compiled_encode_into"),
        (StructField, "compiled_decode_from"),
    ):
        setattr(owner, name, _one_at_a_time(getattr(owner, name)))


def make_ahead() -> None:
    """The codecs of what is spoken, in this process and its forks. What is missing here is made when it is needed."""
    for cls in ApiMessage.__subclasses__():
        version = SPOKEN.get(cls.name.removesuffix("Request").removesuffix("Response"))
        if version is not None:
            flexible = cls.flexible_version_q(version)
            if cls.is_request():
                cls._struct.compiled_encode_into(version, compact=flexible, tagged=flexible)
            else:
                cls._struct.compiled_decode_from(version, compact=flexible, tagged=flexible, data_class=cls[None])
