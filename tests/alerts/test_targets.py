"""What a rule can be about."""

import pytest

from alerts.models import TargetKind
from alerts.targets import TargetError, check, matches, process_of


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("stat", "api/c/orders"),
        ("stat", "a.b:c/ms/x-y!"),
        ("pattern", "api.*.errors"),
        ("pattern", "*/ms"),
        ("process", "worker-*"),
        ("group", "error/*"),
        ("group", "warning/0123456789abcdef"),
    ],
)
def test_right_targets(kind: str, text: str) -> None:
    check(TargetKind(kind), text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("stat", "api/orders"),
        ("stat", "api/x/orders"),
        ("stat", "../c/orders"),
        ("stat", "api/c/orders\n"),
        ("pattern", "api/*/errors"),
        ("pattern", ""),
        ("process", "a/b"),
        ("group", "fatal/*"),
        ("group", "error/"),
    ],
)
def test_wrong_targets(kind: str, text: str) -> None:
    with pytest.raises(TargetError):
        check(TargetKind(kind), text)


@pytest.mark.parametrize(
    ("pattern", "target", "expected"),
    [
        ("api.*.errors", "api/c/cart.errors", True),
        ("api.*.errors", "api.eu/c/errors", True),
        ("api.*.errors", "api/c/errors", False),
        ("api.*.errors", "api/c/cart.errors2", False),
        ("api.*/ms", "api/ms/query", True),
        ("api.*/ms", "api/c/query", False),
        ("a.i", "a.i", True),
        ("a.i", "axi", False),
        ("*", "worker", True),
        ("error/*", "error/0123", False),
    ],
)
def test_patterns(pattern: str, target: str, expected: bool) -> None:
    assert matches(pattern, target) is expected


def test_the_process_of_a_target() -> None:
    assert [process_of(one) for one in ("api/c/x", "worker", "error/12")] == ["api", "worker", ""]
