"""`make demo`: the story, on the system that `make run` started."""

import signal
import sys
import time
from contextlib import suppress

import httpx
from baqylau_infra import layout
from baqylau_infra.settings import Settings
from baqylau_infra.tokens import Keys
from kafka.errors import KafkaError
from rich.console import Console

from demo.client import Interrupted, Line, Refused, Stage, TooLong, until
from demo.story import Story
from demo.subscriber import Subscriber
from demo.telling import Teller

START_IT = (
    "The system doesn't run here, or isn't ready yet: start it with `make run` in another terminal, and come back when "
    "it says `all ready`."
)
NO_CLOCK = "The services let nobody set their clocks: start them with BAQYLAU_SIMULATION=1, as `make run` does."


def main() -> None:
    """Exits 0, or 1 after one sentence on what to do."""
    settings = Settings()
    if not _runs(settings):
        sys.exit(START_IT)
    keys = Keys(settings.run_folder / "keys")

    def url(service: str, line: str) -> str:
        name = service if line == Line.GATE else f"{service}-{line}"
        return _url(settings, layout.named(name))

    stage = Stage(
        url,
        lambda role, line, organization=None, units=(): keys.token(
            [role], line, organization=organization, units=units
        ),
    )
    bootstrap = settings.kafka_bootstrap or f"127.0.0.1:{settings.kafka_port}"
    try:
        with Subscriber(bootstrap) as subscriber:
            _tell(stage, subscriber)
    except (Refused, TooLong) as wrong:
        without_clock = isinstance(wrong, Refused) and (wrong.path, wrong.status) == ("/simulation/clock", 404)
        sys.exit(NO_CLOCK if without_clock else f"The story broke off: {wrong}")
    except (httpx.HTTPError, KafkaError) as lost:
        sys.exit(f"A service or the broker was lost on the way ({type(lost).__name__}): look at `make run`'s terminal.")
    except (Interrupted, KeyboardInterrupt):
        sys.exit(130)


def _tell(stage: Stage, subscriber: Subscriber) -> None:
    began = time.monotonic()
    teller = Teller(Console(highlight=False))
    story = Story(stage)
    before = stage.last_positions()
    teller.title()
    usual = signal.signal(signal.SIGINT, lambda *_: stage.interrupted.set())
    try:
        for number, (title, chapter) in enumerate(story.chapters, 1):
            teller.chapter(number, title)
            for happening in chapter():
                teller.happening(happening)
    finally:
        with suppress(httpx.HTTPError):
            stage.real_time_again()
        signal.signal(signal.SIGINT, usual)
    last = stage.last_positions(since=before)
    new = {topic: position for topic, position in last.items() if position > before[topic]}
    until(lambda: all(subscriber.has(topic, position) for topic, position in new.items()), "Kafka to tell it all")
    teller.received(subscriber.by_topic())
    teller.farewell(time.monotonic() - began)


def _runs(settings: Settings) -> bool:
    try:
        answers = [httpx.get(_url(settings, service) + "/health/ready", timeout=5) for service in layout.SERVICES]
    except httpx.HTTPError:
        return False
    return all(answer.is_success for answer in answers)


def _url(settings: Settings, service: layout.Service) -> str:
    return f"http://127.0.0.1:{settings.base_port + service.port}"


if __name__ == "__main__":
    main()
