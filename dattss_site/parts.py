"""What runs beside a server, or below it."""

import threading
from collections.abc import Iterable
from typing import Protocol


class Part(Protocol):
    """Something that is started and stopped; `stop` returns when it has ended."""

    def start(self) -> None: ...
    def stop(self) -> object: ...


def stop_all(parts: Iterable[Part]) -> None:
    """Stops all at once: what each may take must not add up, since who asks a server to stop kills it in the end."""
    threads = [threading.Thread(target=part.stop) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
