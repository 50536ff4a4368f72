from baqylau.lines import topic_of
from baqylau_infra import topics
from baqylau_infra.layout import GATE, SERVICES

LINES = ("non-confidential", "confidential")


def test_every_service_has_a_topic_that_it_alone_writes() -> None:
    writers = {topic.name: topic.writers for topic in topics.load()}

    for service in (service for service in SERVICES if service.stores):
        assert writers.pop(topic_of(service.line, service.title)) == (service.name,)
    assert writers == {f"baqylau.{line}.secrecy-gate.v1": (GATE.name,) for line in LINES}


def test_nobody_of_one_line_reads_a_topic_of_the_other_or_the_gates_own() -> None:
    lines = {topic.name: topic.name.split(".")[1] for topic in topics.load()}

    for topic in topics.load():
        for reader in topic.readers:
            assert reader.partition("-")[2] == lines[topic.name], f"{reader} reads {topic.name}"


def test_records_stay_for_ever_and_all_topics_have_the_same_partitions() -> None:
    assert {topic.config["retention.ms"] for topic in topics.load()} == {"-1"}
    assert {topic.partitions for topic in topics.load()} == {topics.partitions()}
