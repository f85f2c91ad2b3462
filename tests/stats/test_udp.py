"""Values over UDP: what becomes of them between the socket and the commit."""

import socket

from accounts.models import Scope
from tests.server import Keys, Server, wait_for

_MAKE_KEY = "from accounts.keys import make_key; from accounts.models import Account; "


def another_key(server: Server, keys: Keys) -> str:
    """One more ingest key of the account."""
    make = f"print(make_key(Account.objects.get(pk={keys.account}), 'two', '{Scope.INGEST}', None)[1])"
    return server.manage("shell", "--no-imports", "-c", _MAKE_KEY + make).stdout.strip()


def total(server: Server, keys: Keys) -> float:
    reply = server.request("GET", "/api/v1/current/", Authorization=f"Bearer {keys.read_key}")
    return sum(float(state["stats"]["c"]["sent"]["total"]) for state in reply.json["processes"])


def test_two_keys_of_an_account_do_not_take_each_other_for_repeats(server: Server, keys: Keys) -> None:
    lines = [f"{key}:job:sent:2c" for key in (keys.key, another_key(server, keys))]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto("\n".join(lines).encode(), ("127.0.0.1", server.udp_port))
    wait_for(lambda: total(server, keys) == 4, 15, "the values of both keys")
