"""Whose certificates a client of HTTP needs: none where it speaks no TLS."""


def needed(url: str) -> bool:
    """Whether what is there is reached by TLS. To read the certificates costs 20 ms of a processor, for each client.

    For a client that goes to this URL alone: one that is redirected, or takes others too, verifies always.
    """
    return not url.startswith("http://")
