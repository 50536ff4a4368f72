"""Apache Kafka's jars: fetched once by jgo, checked against `infra/kafka/jars.sha256`, kept in a cache.

They come from Maven Central, or from a mirror set where jgo's users set it, in `~/.config/jgo.conf`:
`[repositories]` with `central = <its address>`.
"""

import fcntl
import hashlib
import shutil
import tempfile
from pathlib import Path

from baqylau_infra import DATA, INFRA, Problem
from baqylau_infra.process import Say, quiet

VERSION = "4.3.0"
KAFKA = f"org.apache.kafka:kafka_2.13:{VERSION}"
# The broker logs through slf4j and ships no binding of it. Resolved apart: together with the broker, jgo lets the
# binding's older dependency management win, and mixes two versions of Kafka.
LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4"


def kafka_home(cache: Path = DATA / "cache", say: Say = quiet) -> Path:
    """The folder of the jars, filled on the first call (45 MB). Raises `Problem` when they can't be had."""
    home = cache / f"kafka-{VERSION}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests that run side by side fetch once
        if not home.exists():
            say("fetching Apache Kafka (45 MB, once)")
            with tempfile.TemporaryDirectory(dir=cache) as scratch:
                jars = _fetch(Path(scratch))
                _verify(jars)
                jars.rename(home)
    return home


def _fetch(scratch: Path) -> Path:
    # Imported here: only the first start needs it.
    from jgo.config import GlobalSettings  # noqa: PLC0415
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415
    from jgo.env import EnvironmentBuilder  # noqa: PLC0415
    from jgo.maven import MavenContext  # noqa: PLC0415

    repositories = {"central": MAVEN_CENTRAL_URL, **GlobalSettings.load().repositories}
    context = MavenContext(repo_cache=scratch / "repository", remote_repos=repositories)
    builder = EnvironmentBuilder(context=context, cache_dir=scratch / "environments")
    jars = scratch / "jars"
    jars.mkdir()
    try:
        for endpoint in (KAFKA, LOGGING):
            for jar in builder.from_endpoint(endpoint).all_jars:
                shutil.copy(jar, jars)
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Problem(
            "Apache Kafka's jars can't be fetched: the first start needs Maven Central, or a mirror named in "
            f"~/.config/jgo.conf. Check the network and start again. ({reason})"
        ) from error
    return jars


def _verify(jars: Path) -> None:
    expected = dict(line.split()[::-1] for line in (INFRA / "kafka" / "jars.sha256").read_text().splitlines())
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in jars.iterdir()}
    if found != expected:
        wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        raise Problem(
            f"The fetched jars are not the pinned ones of infra/kafka/jars.sha256 ({', '.join(wrong)}): "
            "trust this network's source of jars first, then start again."
        )
