"""Serves the bare application: `python -m benchmarks.bare_daphne PORT daphne|ours`, on Daphne as it comes, or on Daphne
as our server runs it (`dattss_site.daphne_server`)."""

from dattss_site.daphne_server import DaphneServer, Server  # isort: skip  (installs Twisted's reactor)

import sys

from benchmarks.bare_app import application

_KINDS = {"daphne": Server, "ours": DaphneServer}


def main() -> None:
    """Serves until the process is ended."""
    port, kind = sys.argv[1:]
    endpoint = f"tcp:port={port}:interface=127.0.0.1"
    _KINDS[kind](application, endpoints=[endpoint], server_name="dattss", application_close_timeout=3).run()


if __name__ == "__main__":
    main()
