"""Errors as programs send them, each with the group that a person would put it into."""

from typing import NamedTuple

from stats.aggregation.commit import Event

SITE = "/srv/shop/venv/lib/python3.11/site-packages"
DIRECT = "The above exception was the direct cause of the following exception:"
DURING = "During handling of the above exception, another exception occurred:"


class Case(NamedTuple):
    group: str
    event: Event
    process: str = "web"


def python(error: str, *frames: str) -> str:
    """A traceback; each frame is `FILE:LINE FUNCTION`."""
    lines = ["Traceback (most recent call last):"]
    for frame in frames:
        place, function = frame.rsplit(" ", 1)
        file, line = place.rsplit(":", 1)
        lines += [f'  File "{file}", line {line}, in {function}', "    some(code)", "    ~~~~^^^^^^"]
    return "\n".join([*lines, error, ""])


def chain(link: str, *tracebacks: str) -> str:
    return f"\n{link}\n\n".join(tracebacks)


def node(error: str, *frames: str) -> str:
    """What `error.stack` has; each frame is what stands behind `at`, innermost first."""
    return "\n".join([error, *(f"    at {frame}" for frame in frames)])


def raised(group: str, typ: str, msg: str, trc: str, process: str = "web") -> Case:
    return Case(group, Event(lvl="error", typ=typ, msg=msg, trc=trc), process)


def logged(group: str, msg: str, tpl: str, log: str = "shop.mail", lvl: str = "error") -> Case:
    return Case(group, Event(lvl="warning" if lvl == "warning" else "error", msg=msg, tpl=tpl, log=log))


def told(group: str, msg: str, loc: str, log: str = "") -> Case:
    return Case(group, Event(lvl="error", msg=msg, loc=loc, log=log))


CHECKOUT = ("/srv/shop/orders/views.py:40 checkout", "/srv/shop/orders/cart.py:12 total")
WORKER = (f"{SITE}/celery/app/trace.py:453 trace_task", "/srv/shop/mail/tasks.py:9 send_receipt")
NODE_LOAD = ("Cart.load (/app/lib/cart.js:10:13)", "async handler (/app/routes/cart.js:22:5)")
NODE_RUNTIME = (
    "Module._compile (node:internal/modules/cjs/loader:1521:14)",
    "node:internal/main/run_main_module:28:49",
)
GROUPED = """\
  + Exception Group Traceback (most recent call last):
  |   File "/srv/shop/sync/run.py", line {line}, in main
  |     async with asyncio.TaskGroup() as tg:
  |   File "/usr/lib/python3.11/asyncio/taskgroups.py", line 145, in __aexit__
  |     raise me from None
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/shop/sync/run.py", line {line}, in pull
    |     raise {typ}("shop {number}")
    | {typ}: shop {number}
    +------------------------------------
"""


def in_group(group: str, typ: str, line: int, number: int) -> Case:
    return raised(group, "ExceptionGroup", "unhandled", GROUPED.format(typ=typ, line=line, number=number))


CASES = [
    # Ids, amounts and times in the message.
    raised("cart key", "KeyError", "'sku-1'", python("KeyError: 'sku-1'", *CHECKOUT)),
    raised("cart key", "KeyError", "'sku-77812'", python("KeyError: 'sku-77812'", *CHECKOUT)),
    raised("cart key", "KeyError", "UUID('9f2c')", python("KeyError: UUID('9f2c')", *CHECKOUT)),
    raised("cart key", "builtins.KeyError", "'a'", python("KeyError: 'a'", *CHECKOUT), "web-2"),
    # Another type at the same place, the same type at another place.
    raised("cart value", "ValueError", "bad total", python("ValueError: bad total", *CHECKOUT)),
    raised("stock key", "KeyError", "'sku-1'", python("KeyError: 'sku-1'", "/srv/shop/stock/views.py:8 reserve")),
    # Lines that moved, and folders of releases and machines.
    raised("cart key", "KeyError", "'x'", python("KeyError: 'x'", *(f.replace(":", ":9") for f in CHECKOUT))),
    raised("cart key", "KeyError", "'x'", python("KeyError: 'x'", *(f.replace("/srv/shop", "/opt") for f in CHECKOUT))),
    raised(
        "root value",
        "ValueError",
        "x",
        python("ValueError: x", "/srv/shop/releases/20261101120000/main.py:4 main"),
    ),
    raised(
        "root value",
        "ValueError",
        "y",
        python("ValueError: y", "/srv/shop/releases/20261124093012/main.py:5 main"),
    ),
    raised("root value", "ValueError", "z", python("ValueError: z", "/srv/shop/current/main.py:5 main")),
    raised("root value", "ValueError", "w", python("ValueError: w", r"C:\srv\shop\main.py:5 main".replace("\\", "/"))),
    # Translated messages, and those of a newer version.
    raised("greek", "FileNotFoundError", "No such file", python("FileNotFoundError: No such file", *WORKER), "mail"),
    raised("greek", "FileNotFoundError", "Δεν υπάρχει", python("FileNotFoundError: Δεν υπάρχει", *WORKER), "mail"),
    raised("greek", "FileNotFoundError", "Datei fehlt", python("FileNotFoundError: Datei fehlt", *WORKER), "mail"),
    # Frames of libraries change with their versions; the program's stay.
    raised(
        "greek",
        "FileNotFoundError",
        "new celery",
        python("FileNotFoundError: x", f"{SITE}/celery/worker.py:1 run", f"{SITE}/kombu/x.py:2 get", WORKER[1]),
        "mail",
    ),
    raised(
        "requests",
        "ConnectionError",
        "host a",
        python("ConnectionError: a", "/srv/shop/pay.py:3 charge", f"{SITE}/requests/api.py:59 request"),
    ),
    raised(
        "requests",
        "requests.exceptions.ConnectionError",
        "host b",
        python(
            "requests.exceptions.ConnectionError: b",
            "/srv/shop/pay.py:3 charge",
            f"{SITE}/requests/sessions.py:589 request",
            f"{SITE}/requests/adapters.py:700 send",
        ),
    ),
    # No frame of the program at all: those of the libraries count.
    raised(
        "only library", "ssl.SSLError", "1", python("ssl.SSLError: 1", "/usr/lib/python3.11/ssl.py:10 do_handshake")
    ),
    raised(
        "only library", "ssl.SSLError", "2", python("ssl.SSLError: 2", "/usr/lib/python3.11/ssl.py:19 do_handshake")
    ),
    # Recursions of any depth.
    raised("depth", "RecursionError", "x", python("RecursionError: x", *["/srv/shop/tree.py:7 walk"] * 3)),
    raised("depth", "RecursionError", "x", python("RecursionError: x", *["/srv/shop/tree.py:7 walk"] * 400)),
    # A comprehension has a frame in one version of Python and none in the next.
    raised(
        "comprehension",
        "TypeError",
        "x",
        python("TypeError: x", "/srv/shop/a.py:1 rows", "/srv/shop/a.py:1 <listcomp>"),
    ),
    raised("comprehension", "TypeError", "x", python("TypeError: x", "/srv/shop/a.py:1 rows")),
    # Chains: the cause tells two apart, its message and lines do not.
    raised(
        "refused by timeout",
        "PaymentFailed",
        "order 1",
        chain(DIRECT, python("TimeoutError: 3 s", *WORKER), python("shop.PaymentFailed: order 1", *CHECKOUT)),
    ),
    raised(
        "refused by timeout",
        "shop.PaymentFailed",
        "order 2",
        chain(DIRECT, python("TimeoutError: 5 s", *WORKER), python("shop.PaymentFailed: order 2", *CHECKOUT)),
    ),
    raised(
        "refused by reset",
        "PaymentFailed",
        "order 3",
        chain(DIRECT, python("ConnectionResetError: [104]", *WORKER), python("shop.PaymentFailed: order 3", *CHECKOUT)),
    ),
    raised(
        "refused by timeout",
        "PaymentFailed",
        "order 4",
        chain(DURING, python("TimeoutError: 5 s", *WORKER), python("shop.PaymentFailed: order 4", *CHECKOUT)),
    ),
    raised("refused plainly", "PaymentFailed", "order 5", python("shop.PaymentFailed: order 5", *CHECKOUT)),
    # A message of several lines, or one that looks like a frame.
    raised("lines", "ValueError", "a\nb", python("ValueError: a\nb", "/srv/shop/b.py:1 parse")),
    raised("lines", "ValueError", "c", python("ValueError: c", "/srv/shop/b.py:1 parse")),
    raised("lines", "ValueError", "c", python('ValueError: File "x", line 3', "/srv/shop/b.py:1 parse")),
    raised("lines", "ValueError", "", python("ValueError", "/srv/shop/b.py:1 parse")),
    # Exception groups: what is in them counts.
    in_group("group of keys", "KeyError", 10, 1),
    in_group("group of keys", "KeyError", 12, 8123),
    in_group("group of values", "ValueError", 10, 1),
    # Syntax errors have a frame without a function.
    raised("syntax", "SyntaxError", "x", python("SyntaxError: invalid", "/srv/shop/plugins.py:3 load")),
    # Node: lines and columns, folders, file URLs, `async`, `new`, aliases.
    raised("node load", "Error", "cart 1", node("Error: cart 1", *NODE_LOAD)),
    raised("node load", "Error", "cart 2", node("Error: cart 2", *NODE_LOAD, *NODE_RUNTIME)),
    raised(
        "node load",
        "Error",
        "cart 3",
        node("Error: cart 3", "async Cart.load (file:///srv/lib/cart.js:11:1)", "handler (/srv/routes/cart.js:1:1)"),
    ),
    raised(
        "node load",
        "Error",
        "cart 4",
        node("Error: cart 4", "Cart.load [as get] (/app/lib/cart.js:10:13)", NODE_LOAD[1]),
    ),
    raised("node type", "TypeError", "null", node("TypeError: null", *NODE_LOAD)),
    raised("node elsewhere", "Error", "cart 1", node("Error: cart 1", "Cart.save (/app/lib/cart.js:30:13)")),
    raised(
        "node express", "Error", "a", node("Error: a", "/app/app.js:3:1", "next (/app/node_modules/express/r.js:1:1)")
    ),
    raised(
        "node express", "Error", "b", node("Error: b", "/app/app.js:9:7", "run (/app/node_modules/express/l.js:1:1)")
    ),
    raised(
        "node map",
        "TypeError",
        "x",
        node("TypeError: x", "/app/m.js:1:1", "Array.map (<anonymous>)", "f (/app/m.js:2:2)"),
    ),
    raised(
        "node map",
        "TypeError",
        "y",
        node("TypeError: y", "/app/m.js:1:9", "Array.map (<anonymous>)", "f (/app/m.js:8:2)"),
    ),
    raised(
        "node library",
        "Error",
        "ECONNRESET",
        node("Error: read ECONNRESET", "TCP.onStreamRead (node:internal/stream_base_commons:217:20)"),
    ),
    raised(
        "node library",
        "Error",
        "again",
        node("Error: again", "TCP.onStreamRead (node:internal/stream_base_commons:218:20)"),
    ),
    raised(
        "node caused by range",
        "Error",
        "load",
        node("Error: load", *NODE_LOAD) + " {\n  [cause]: RangeError: 17\n      at deep (/app/lib/deep.js:1:1)\n}",
    ),
    raised(
        "node caused by range",
        "Error",
        "load",
        node("Error: load", *NODE_LOAD) + " {\n  [cause]: RangeError: 4\n      at other (/app/lib/deep.js:1:1)\n}",
    ),
    raised(
        "node caused by type",
        "Error",
        "load",
        node("Error: load", *NODE_LOAD) + " {\n  [cause]: TypeError: 17\n      at deep (/app/lib/deep.js:1:1)\n}",
    ),
    # Logged: the template before its values, and its logger.
    logged("receipt", "receipt 1 to a@example.org failed", "receipt %s to %s failed"),
    logged("receipt", "receipt 2 to b@example.org failed", "receipt %s to %s failed"),
    logged("receipt of another logger", "receipt 2 to b@example.org failed", "receipt %s to %s failed", "shop.queue"),
    logged("reminder", "reminder 2 to b@example.org failed", "reminder %s to %s failed"),
    logged("receipt", "receipt 2 failed slowly", "receipt %s to %s failed", lvl="warning"),
    # Told with a text that was put together already: the place counts.
    told("place", "order 1 is late by 3 min", "/srv/shop/orders/late.py:check"),
    told("place", "order 2 is late by 9 min", "/srv/shop/releases/20260101/orders/late.py:check"),
    told("other place", "order 2 is late by 9 min", "/srv/shop/orders/late.py:recheck"),
    told("place of a logger", "order 2 is late by 9 min", "/srv/shop/orders/late.py:check", "shop"),
    # Senders that say less.
    Case("type only", Event(lvl="error", typ="Timeout", msg="after 3 s")),
    Case("type only", Event(lvl="error", typ="net.Timeout", msg="after 9 s"), "cron"),
    Case("text of web", Event(lvl="error", msg="disk 91 % full")),
    Case("text of web", Event(lvl="error", msg="disk 92 % full")),
    Case("text of cron", Event(lvl="error", msg="disk 92 % full"), "cron"),
    Case("text of web", Event(lvl="error", msg="x", trc="no stack at all")),
]
