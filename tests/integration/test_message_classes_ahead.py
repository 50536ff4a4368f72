"""What a nursery makes of kafka-python's ahead is all that a service and a broker speak."""

import subprocess
import sys

import pytest
from baqylau_infra.broker import Broker
from kafka import KafkaAdminClient

pytestmark = pytest.mark.real

TOPIC = "spoken-of"
SPEAKS = """
import sys
from baqylau.messaging.broker import Kafka
from baqylau.messaging.group import member
from baqylau.messaging.message_classes import make_ahead
from baqylau.messaging.on_topic import reading
from baqylau.messaging.relay import make_producer
from kafka.protocol.api_message import ApiMessage
def made():
    return {(cls.name, key[:2]) for cls in ApiMessage.__subclasses__() for key in cls._struct._compiled_encoders}
kafka, topic = Kafka(sys.argv[1]), sys.argv[2]
make_ahead()
ahead = made()
producer = make_producer(kafka, [topic])
producer.send(topic, b"said", partition=0).get(30)
producer.close()
with reading(kafka, [topic]) as found:
    assert [len(records) for _, records in found.records()] == [1]
consumer = member([topic], kafka, "spoken")
while not consumer.poll(timeout_ms=250):
    pass
consumer.commit()
consumer.close()
print(*sorted(name for name, _ in made() - ahead))
"""


def test_nothing_that_is_spoken_is_made_when_it_is_needed(broker: Broker) -> None:
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
        admin.create_topics({TOPIC: {"num_partitions": 1}}, wait_for_metadata=True)

    done = subprocess.run(
        [sys.executable, "-c", SPEAKS, broker.bootstrap, TOPIC], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.split() == []
