"""The topics of `infra/kafka/topics.toml`, created where they are missing, with who may write and read them."""

import tomllib
from collections.abc import Iterable
from functools import cache

from baqylau.messaging.broker import Kafka
from kafka import KafkaAdminClient
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ACLResourcePatternType, ResourcePattern, ResourceType
from kafka.errors import KafkaError, SecurityDisabledError
from pydantic import BaseModel, ConfigDict

from baqylau_infra import INFRA, Problem
from baqylau_infra.layout import SERVICES


class Topic(BaseModel):
    """A topic; `writers` and `readers` are the names of Kafka principals, `User:` left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    partitions: int
    config: dict[str, str]
    writers: tuple[str, ...]
    readers: tuple[str, ...]


@cache
def load() -> tuple[Topic, ...]:
    """Every topic of the data file, with what holds for all."""
    data = tomllib.loads((INFRA / "kafka" / "topics.toml").read_text())
    return tuple(Topic.model_validate({**data["all"], **topic}) for topic in data["topics"])


def partitions() -> int:
    """The one partition count of all topics."""
    return load()[0].partitions


def create_missing(kafka: Kafka, wanted: Iterable[Topic] | None = None) -> list[str]:
    """Creates what is missing and returns its names; what is there stays as it is.

    Replication is the broker's default. Access rules are given to a broker that has an authorizer. Raises `Problem`
    when a topic is there with another partition count, or when the broker refuses.
    """
    topics = load() if wanted is None else tuple(wanted)
    try:
        with KafkaAdminClient(**kafka.client) as admin:
            there = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}
            for topic in topics:
                if there.get(topic.name, topic.partitions) != topic.partitions:
                    raise Problem(
                        f"Topic {topic.name} has {there[topic.name]} partitions, infra/kafka/topics.toml says "
                        f"{topic.partitions}. Another count would move keys to other partitions and break their order: "
                        "put the old count back, or make a new generation (v2) of the topic."
                    )
            missing = {
                topic.name: {"num_partitions": topic.partitions, "configs": topic.config}
                for topic in topics
                if topic.name not in there
            }
            if missing:
                admin.create_topics(missing, wait_for_metadata=True)
            _grant(admin, topics)
            return list(missing)
    except KafkaError as error:
        raise Problem(f"The topics can't be created on {kafka.bootstrap}: {error}.") from error


def _grant(admin: KafkaAdminClient, topics: Iterable[Topic]) -> None:
    """Writers may write, and read what they have written; readers may read, in consumer groups of their own."""
    rules = []
    for topic in topics:
        resource = ResourcePattern(ResourceType.TOPIC, topic.name)
        for principal in topic.writers:
            rules += [_allow(principal, action, resource) for action in (ACLOperation.WRITE, ACLOperation.READ)]
        for principal in topic.readers:
            own_groups = ResourcePattern(ResourceType.GROUP, _groups(principal), ACLResourcePatternType.PREFIXED)
            rules += [_allow(principal, ACLOperation.READ, resource), _allow(principal, ACLOperation.READ, own_groups)]
    refused = admin.create_acls(rules)["failed"]
    # The embedded broker has no authorizer: everyone on this machine who may open its port may read it.
    other = [error for error in refused if error is not SecurityDisabledError]
    if other:
        raise Problem(f"The broker refuses the access rules of infra/kafka/topics.toml: {other[0].__name__}.")


def _groups(principal: str) -> str:
    """How its consumer groups begin: as its service calls its own, and those of subscribers with their own name."""
    service = {service.name: service for service in SERVICES}.get(principal)
    return principal if service is None else f"baqylau.{service.line}.{service.title}"


def _allow(principal: str, action: ACLOperation, resource: ResourcePattern) -> ACL:
    return ACL(f"User:{principal}", "*", action, ACLPermissionType.ALLOW, resource)
