"""Every stylesheet is read to its end: a rule that is not closed swallows those behind it, and browsers say nothing."""

from pathlib import Path

import pytest

from tests.server import ROOT

SHEETS = sorted(sheet for app in ("alerts", "dattss_site", "stats") for sheet in ROOT.glob(f"{app}/static/**/*.css"))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_rule_ends_before_the_next_begins(sheet: Path) -> None:
    depth = 0
    for number, line in enumerate(sheet.read_text().splitlines(), 1):
        assert depth == 0 or line.startswith((" ", "}")) or not line, f"{sheet.name}:{number} is inside of a rule"
        depth += line.count("{") - line.count("}")
    assert depth == 0
