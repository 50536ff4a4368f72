"""Two Kafka clients of a process that need the same message class at the same moment both can use it for ever after."""

import sys
import threading
from collections.abc import Iterator

import baqylau.messaging
import pytest
from kafka.protocol.api_header import ResponseClassRegistry
from kafka.protocol.metadata import MetadataResponse

KEY, VERSION = 3, 12


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads that give way to each other all the time."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty")
def test_a_message_class_and_its_codec_are_made_once_however_many_threads_come_first() -> None:
    assert baqylau.messaging.make_one_at_a_time, "importing the package has done it"
    for _ in range(300):
        MetadataResponse._VERSIONS.clear()
        MetadataResponse._struct._compiled_encoders.clear()
        begin, decoders = threading.Barrier(4), []

        def first_use(begin: threading.Barrier = begin, decoders: list[object] = decoders) -> None:
            begin.wait()
            of_version = MetadataResponse[VERSION]
            decoders.append(of_version._struct.compiled_decode_from(VERSION, True, True, data_class=MetadataResponse))

        threads = [threading.Thread(target=first_use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert ResponseClassRegistry._response_class_registry[KEY].__name__, "the registered class is still there"
        assert len({id(decoder) for decoder in decoders}) == 1
