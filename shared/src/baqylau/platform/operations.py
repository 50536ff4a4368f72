"""What an operator has a service do besides serving: `python -m <package> verify` and `… rebuild`.

They take the same settings as the service, and run beside it, or while it is stopped. Exit codes: 0 it holds, or is
done; 1 something is wrong, or was not done; 2 what is needed can't be reached.
"""

import sys
from collections import Counter

import psycopg
from kafka.errors import KafkaError

from baqylau.eventstore.rebuilding import NotSwitched, rebuild
from baqylau.eventstore.store import out_of_reach
from baqylau.eventstore.verification import Verdict, parked_keys, verify
from baqylau.messaging.copies import copy_findings
from baqylau.messaging.on_topic import topic_findings
from baqylau.platform.runtime import Runtime

WRONG, OUT_OF_REACH = 1, 2


def run(runtime: Runtime, command: str) -> int:
    """Do it, say how it went, answer the exit code. Nothing of the runtime is started."""
    name = f"{runtime.name} ({runtime.settings.line})"
    try:
        return _verify(runtime, name) if command == "verify" else _rebuild(runtime, name)
    except NotSwitched:
        sys.stderr.write(f"{name}: someone reads the old tables without end; nothing was changed. Try again later.\n")
        return WRONG
    except (psycopg.Error, KafkaError, OSError) as error:
        if isinstance(error, psycopg.Error) and not out_of_reach(error):
            raise
        sys.stderr.write(f"{name}: the database or the broker went out of reach ({type(error).__name__}).\n")
        return OUT_OF_REACH
    finally:
        runtime.service.close()


def _verify(runtime: Runtime, name: str) -> int:
    service, settings = runtime.service, runtime.settings
    verdict = verify(service)
    topic = "not compared with the topic: no broker answers"
    if settings.kafka.answers():
        figures: Counter[str] = Counter()
        verdict.add(topic_findings(service.store, runtime.envelope, runtime.topics, settings.kafka, figures))
        topic = f"{figures['records']} records on its topics"
        if runtime.copies:
            told: Counter[str] = Counter()
            verdict.add(copy_findings(service, runtime.copies, runtime.intake_of, settings.kafka, told))
            topic += f", {told['records']} behind its copies"
            topic += ", which were not compared: a topic isn't whole" if told["not whole"] else ""
    for key, upstream, first, count in parked_keys(service):
        print(f"{name}  parked: {count} of {key} from {upstream} {first} on")
    for finding in verdict.shown:
        print(f"{name}  {finding}")
    for kind, more in _not_shown(verdict).items():
        print(f"{name}  and {more} more of: {' '.join(kind)}")
    print(
        f"{name}  {'holds' if verdict.holds else 'IS WRONG'}: {verdict.events} events, "
        f"{verdict.public_events} public, {topic}; digest {verdict.digest}"
    )
    return 0 if verdict.holds else WRONG


def _not_shown(verdict: Verdict) -> Counter[tuple[str, str]]:
    return verdict.counted - Counter((finding.table, finding.what) for finding in verdict.shown)


def _rebuild(runtime: Runtime, name: str) -> int:
    events = rebuild(runtime.service)
    print(f"{name}  read models made anew from {events} events, and switched")
    return 0
