"""TCP ports on the loopback interface."""

import random
import socket
from itertools import cycle

from baqylau_infra import Problem

HOST = "127.0.0.1"

_CANDIDATES = cycle(random.sample(range(20_000, 32_000), k=12_000))
"""Below the ports that the system gives to outgoing connections; in an order of this process's own, so that it gives
none out twice before its taker listens there."""


def is_taken(port: int) -> bool:
    """Whether something listens there, or holds the port."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        if probe.connect_ex((HOST, port)) == 0:
            return True
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one in TIME_WAIT is free to us
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def free() -> int:
    """A free port, and not one that was given out just before."""
    return next(port for port in _CANDIDATES if not is_taken(port))


def require_free(port: int, wanted_by: str, setting: str) -> None:
    """Raises `Problem` when the port is taken, naming the setting that changes it."""
    if is_taken(port):
        raise Problem(
            f"Port {port}, wanted by {wanted_by}, is taken by another program: end it, or set {setting} to move away."
        )
