"""Ports for tests and replicas."""

from baqylau_infra import ports


def test_no_port_is_given_out_twice_though_nobody_listens_there_yet() -> None:
    given = [ports.free() for _ in range(500)]

    assert len(set(given)) == 500
