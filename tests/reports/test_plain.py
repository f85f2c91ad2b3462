"""Texts of strangers become one harmless line."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.plain import LONGEST, one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        ("two\r\nlines\tand  more\u2028again", "two lines and more again"),
        ("a\0b", "ab"),
        ("\x1b[31mred\x1b[0m \x9b1mbold", "red bold"),
        ("\x1b]8;;http://evil.example\x07click\x1b]8;;\x07", "click"),
        ("abc\u202egpj.exe\u2066\u200f", "abcgpj.exe"),
        ("half \ud800 of one", "half of one"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),  # the template escapes
        ("\N{PILE OF POO} é \u05d0", "\N{PILE OF POO} é \u05d0"),
        ("x" * LONGEST, "x" * LONGEST),
        ("x" * (LONGEST + 1), "x" * (LONGEST - 1) + "…"),
        ("x" * 10_000_000, "x" * (LONGEST - 1) + "…"),
        (" " * 10_000_000, "…"),
        ("", ""),
    ],
)
def test_cases(text: str, line: str) -> None:
    assert one_line(text) == line


@given(st.text(st.characters(codec=None)))
def test_whatever_comes_is_a_short_line_of_characters_that_are_seen(text: str) -> None:
    line = one_line(text)
    assert len(line) <= LONGEST
    assert line.splitlines() in ([], [line])
    assert not {"Cc", "Cf", "Cs"} & {unicodedata.category(character) for character in line}
    line.encode()
