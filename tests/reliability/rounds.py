"""A round: senders that never stop, faults at random moments, and the audit at the end."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from random import Random

from tests.reliability.faults import Fault
from tests.reliability.ledger import Audit, Ledger, audit_files, audit_live
from tests.reliability.scene import Scene, Topology
from tests.reliability.senders import Program, Sender, Source
from tests.server import Keys, wait_for

SENDERS = 4
_MOST_BETWEEN = 150  # commits that are acknowledged between two faults


@dataclass(frozen=True)
class Outcome:
    """What a round came to: what was sent, which faults it met, how many values were lost or counted twice, and all
    that is needed to understand it, or an empty text where nothing is amiss."""

    commits: int
    repeats: int
    faults: list[str]
    lost: int
    doubled: int
    problem: str


def play(topology: Topology, folder: Path, faults: Sequence[Fault], seed: int, stall: float) -> Outcome:
    """Raises AssertionError where the round cannot be played to its end."""
    source = Random(seed)
    with topology(folder, source.random() < 0.3) as scene:
        keys = scene.server.new_account("alice@example.org")
        ledger = _send_through(scene, keys, faults, source, stall)
        audit = Audit()
        audit_live(scene.server, keys, ledger, audit)
        audit.expect("exit status", scene.server.stop(), 0)
        audit_files(scene.server.data, keys, ledger, audit)
        problem = _problem(audit, ledger, scene, folder)
    names = [fault.name for fault in faults]
    told = f"seed {seed}, faults {names}: {problem}" if problem else ""
    return Outcome(ledger.commits, ledger.repeats, names, audit.lost, audit.doubled, told)


def _send_through(scene: Scene, keys: Keys, faults: Sequence[Fault], source: Random, stall: float) -> Ledger:
    """The ledger of all senders, which have delivered everything by then."""
    senders = [
        Sender(scene.server.port, keys, f"p{at}", twice=at % 2 == 0, source=Random(source.random()))
        for at in range(SENDERS)
    ]
    program = Program(scene.server.url, keys, "program")
    sources: list[Source] = [*senders, program]
    try:
        for one in sources:
            one.start()
        for at, fault in enumerate(faults):
            _wait_for_commits(senders, source.randint(1, _MOST_BETWEEN))
            if at == len(faults) // 2:
                program.finish()
                program.start()
            fault.act(scene, source, stall)
        for one in sources:
            one.finish()
    except BaseException:
        for one in sources:
            one.abandon()
        raise
    ledger = Ledger()
    for one in sources:
        assert not one.problem, one.problem
        ledger.add(one.ledger)
    return ledger


def _wait_for_commits(senders: list[Sender], more: int) -> None:
    wanted = sum(sender.ledger.commits for sender in senders) + more
    wait_for(partial(_have_sent, senders, wanted), 120, f"{more} more commits")


def _have_sent(senders: list[Sender], wanted: int) -> bool:
    problems = [sender.problem for sender in senders if sender.problem]
    assert not problems, problems
    return sum(sender.ledger.commits for sender in senders) >= wanted


def _problem(audit: Audit, ledger: Ledger, scene: Scene, folder: Path) -> str:
    """What the audit has found; files and ledger are kept beside the server's log then."""
    if not audit.differences:
        return ""
    scene.keep()
    kept = {"/".join(stat): asdict(tally) for stat, tally in ledger.stats.items()}
    (folder / "ledger.json").write_text(
        json.dumps({"stats": kept, "errors": ledger.errors, "folded": ledger.folded}, indent=1)
    )
    told = "\n  ".join(audit.differences)
    return f"lost {audit.lost}, counted twice {audit.doubled}; files, ledger and log are in {folder}\n  {told}"
