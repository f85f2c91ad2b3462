"""Grouping: a corpus of errors and the groups that a person would make, and any text at all."""

import shutil
import subprocess
import sys
import traceback
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.aggregation.commit import Event
from stats.aggregation.fingerprint import fingerprint
from stats.aggregation.stack import LONGEST_LINE, stack_of
from tests.stats.error_corpus import CASES

NODE = shutil.which("node")


def test_the_corpus_falls_into_the_expected_groups() -> None:
    found = defaultdict(set)
    for case in CASES:
        found[fingerprint(case.event, case.process).key].add(case.group)
    expected = defaultdict(set)
    for case in CASES:
        expected[case.group].add(fingerprint(case.event, case.process).key)
    assert {group: len(keys) for group, keys in expected.items() if len(keys) != 1} == {}, "split"
    assert [groups for groups in found.values() if len(groups) != 1] == [], "merged"
    assert len(CASES) >= 60


@pytest.mark.parametrize(
    ("group", "why"),
    [
        ("cart key", "Grouped by KeyError and 2 frames of the program, the innermost total in orders/cart.py."),
        (
            "only library",
            "Grouped by SSLError and 1 frame of libraries, the innermost do_handshake in python3.11/ssl.py.",
        ),
        ("refused by reset", "Grouped by PaymentFailed, caused by ConnectionResetError and 2 frames"),
        ("receipt", "Grouped by the template “receipt %s to %s failed” of the logger shop.mail."),
        ("place", "Grouped by the place that reported it, orders/late.py:check."),
        ("type only", "Grouped by Timeout, since no stack, template or place came with it."),
        ("text of cron", "Grouped by the process cron, since nothing but a text came with it."),
    ],
)
def test_the_reason_is_told(group: str, why: str) -> None:
    case = next(case for case in CASES if case.group == group)
    assert fingerprint(case.event, case.process).why.startswith(why)


def test_a_traceback_of_this_python_is_read() -> None:
    def outer() -> None:
        try:
            int("x")
        except ValueError as error:
            raise KeyError("two\nlines") from error

    try:
        outer()
    except KeyError:
        stack = stack_of(traceback.format_exc())
    assert (stack.typ, stack.causes) == ("KeyError", ("ValueError",))
    assert [(frame.file, frame.function) for frame in stack.frames if frame.own][-1] == (
        "stats/test_fingerprint.py",
        "outer",
    )


def test_a_group_of_this_python_is_read() -> None:
    program = "import asyncio\nasync def boom(): raise OSError(2, 'x')\nasync def main():\n"
    program += "    async with asyncio.TaskGroup() as tg:\n        tg.create_task(boom())\nasyncio.run(main())\n"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    stack = stack_of(run.stderr)
    assert (stack.typ, stack.causes) == ("ExceptionGroup", ("FileNotFoundError",))


@pytest.mark.skipif(NODE is None, reason="no node; install it with: apt-get install nodejs")
def test_a_stack_of_this_node_is_read() -> None:
    program = "class Cart { load() { throw new Error('x', { cause: new RangeError('y') }) } }\n"
    program += "function handle() { new Cart().load() }\ntry { handle() } catch (e) { console.log(e) }"
    run = subprocess.run([str(NODE), "-e", program], capture_output=True, text=True, check=True)
    stack = stack_of(run.stdout)
    assert (stack.typ, stack.causes) == ("Error", ("RangeError",))
    assert [frame.function for frame in stack.frames if frame.own][-2:] == ["handle", "Cart.load"]


@given(st.text(), st.text(), st.text(), st.text(), st.text())
def test_any_text_has_a_group_and_the_message_no_say_in_it(typ: str, trc: str, tpl: str, log: str, msg: str) -> None:
    events = [Event(lvl="error", typ=typ, trc=trc, tpl=tpl, log=log, msg=text) for text in (msg, "other")]
    assert fingerprint(events[0], "web") == fingerprint(events[1], "web")


@given(
    st.lists(
        st.sampled_from(["  | ", "    +---------------- 1 ----------------", "Traceback (most recent call last):"])
    )
)
def test_any_nesting_is_read(lines: list[str]) -> None:
    stack = stack_of('  File "a.py", line 1, in f\n'.join(lines))
    assert {frame.function for frame in stack.frames} <= {"f"}


@pytest.mark.parametrize("piece", ["at a (", "at (", 'File "', "[cause]: a", " [as ", "- 1 -", "+-", "at a [as b"])
def test_a_hostile_line_costs_little(piece: str) -> None:
    """Were a pattern to try every way of cutting a line, this would take minutes."""
    text = "\n".join([piece * (LONGEST_LINE // len(piece))] * 100)
    assert stack_of(text).frames == ()
