"""What a process writes: JSON lines that name service, line and correlation, and no content whatever happens."""

import subprocess
import sys
from textwrap import dedent

import orjson

BEGIN = """
import asyncio, logging, threading, warnings
import httpx, structlog
from baqylau.observability.logs import configure_logs
configure_logs("probe", "gate")
log = structlog.get_logger("x")
def fails():
    raise KeyError("secret words")
"""


def written(script: str) -> tuple[list[dict[str, object]], str]:
    """The lines that a process logs, and all that it writes."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", BEGIN + dedent(script)], capture_output=True, text=True, check=False
    )
    return [orjson.loads(line) for line in done.stdout.splitlines()], done.stdout + done.stderr


def test_a_fault_of_a_request_is_logged_under_the_id_that_the_caller_is_given() -> None:
    lines, everything = written("""
        from fastapi import FastAPI
        from baqylau.platform.gatehouse import Gatehouse
        from baqylau.platform.problems import add_handlers

        app = FastAPI()
        app.get("/fails")(fails)
        add_handlers(app)
        app.add_middleware(Gatehouse, limit=1000, big_bodies=())

        async def ask():
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
                await client.get("/fails", headers={"x-correlation-id": "abc-1"})
        asyncio.run(ask())
    """)

    assert [(line["event"], line["kind"], line["route"], line["correlation_id"]) for line in lines] == [
        ("unforeseen", "KeyError", "/fails", "abc-1")
    ]
    assert "secret" not in everything


def test_threads_log_as_their_process_does_and_no_exception_shows_its_message() -> None:
    lines, everything = written("""
        def dies():
            log.info("lives")
            try:
                fails()
            except KeyError:
                log.exception("failed")
            fails()

        thread = threading.Thread(target=dies, name="dying")
        thread.start()
        thread.join()

        class Unraisable:
            def __del__(self):
                fails()
        Unraisable()
        asyncio.run(asyncio.sleep(0))
        fails()
    """)

    assert [line["event"] for line in lines] == ["lives", "failed", "thread_died", "unraisable", "process_died"]
    assert {(line["service"], line["line"]) for line in lines} == {("probe", "gate")}
    assert all(line["kind"] == "KeyError" for line in lines[1:])
    assert "secret" not in everything


def test_a_librarys_line_shows_its_template_without_values() -> None:
    lines, everything = written("""
        try:
            fails()
        except KeyError:
            logging.getLogger("library").exception("could not write %s", "secret words")

        async def forgets():
            asyncio.get_running_loop().create_future().set_exception(KeyError("secret words"))
        asyncio.run(forgets())
    """)

    assert [(line["event"], line["logger"], line["error"]) for line in lines] == [
        ("could not write %s", "library", "KeyError"),
        ("Future exception was never retrieved", "asyncio", "KeyError"),
    ]
    assert "secret" not in everything


def test_a_librarys_line_names_the_kind_of_its_error_and_none_is_written_for_what_a_closing_client_gives_up() -> None:
    lines, everything = written("""
        from kafka.errors import Cancelled

        logging.getLogger("kafka.cluster").error("refresh failed %s", KeyError("secret words"))
        logging.getLogger("kafka.cluster").error("refresh failed %s", Cancelled("secret words"))
        logging.getLogger("kafka.cluster").error("%(what)s failed", {"what": "secret words"})
    """)

    assert [(line["event"], line["error"]) for line in lines] == [
        ("refresh failed %s", "KeyError"),
        ("%(what)s failed", None),
    ]
    assert "secret" not in everything
