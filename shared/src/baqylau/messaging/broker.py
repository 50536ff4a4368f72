"""Whether the broker is there."""

import socket


def answers(bootstrap: str) -> bool:
    """Whether one of the brokers of `host:port,host:port` takes a connection, within a second each.

    Asked before a client is made: one made while the broker is away blocks for long, and leaves a thread behind.
    """
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=1).close()
        except (OSError, ValueError):
            continue
        return True
    return False
