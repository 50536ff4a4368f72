"""One replica at a time does what must not be done by two: whoever holds an advisory lock of the service's database.

The lock belongs to a session and ends with it. A holder whose process hangs keeps its session, though, and would keep
the others from ever taking over; so who waits ends a session that holds the lock and hasn't said anything for long.
Two at once (one that hung, and goes on without noticing) must be harmless, and are ended at the next word of the first.
"""

from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import tuple_row

SILENCE_SECONDS = 30.0
"""A holder says something in its session at least so often, also where it has nothing to do."""
HUNG_SECONDS = 90
"""A holder that was silent for so long hangs, or its machine is gone."""

_TAKE: LiteralString = "SELECT pg_try_advisory_lock(hashtext(%s))"
_END_HUNG: LiteralString = (
    "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid) "
    "WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid::bigint << 32 | objid::bigint = hashtext(%s) "
    "AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND state_change < clock_timestamp() - make_interval(secs => %s)"
)


def take(connection: Connection[Any], name: str) -> bool:
    """Take the lock of that name, on this session, unless another holds it."""
    with connection.cursor(row_factory=tuple_row) as cursor:
        taken = cursor.execute(_TAKE, (name,)).fetchone() == (True,)
        if not taken:
            cursor.execute(_END_HUNG, (name, HUNG_SECONDS))
    return taken
