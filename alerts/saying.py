"""What incidents are told by: their facts are kept, so that each reader gets the sentence in his own time zone, and who
is called hears it in his language."""

from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from alerts import sentence, targets
from alerts.conditions import Condition
from alerts.evaluation import Change
from alerts.languages.phrases import Phrases
from alerts.live_rules import LiveRule
from alerts.models import Incident, TargetKind
from alerts.rules import Transition
from alerts.sentence import Subject


class Facts(msgspec.Struct, frozen=True):
    """Of what, by which condition, and what was seen. `Incident.facts` has them as plain values."""

    name: str
    type: str
    condition: Condition
    change: Transition

    def written(self, zone: ZoneInfo) -> str:
        """The sentence for the eye."""
        return sentence.written(self._subject, self.condition, self.change, zone)

    def spoken(self, zone: ZoneInfo, phrases: Phrases) -> str:
        """The sentence for the ear."""
        return sentence.spoken(self._subject, self.condition, self.change, zone, phrases)

    @property
    def _subject(self) -> Subject:
        return Subject(self.name, self.type)  # type: ignore[arg-type]  # one of them


def facts_of(change: Change) -> Facts:
    """The facts of a change."""
    stat = targets.stat_of(change.target)
    kind = stat.kind if stat is not None else "c"
    return Facts(_name(change.rule, change), kind, change.rule.condition, change.transition)


def stored(facts: Facts) -> dict[str, Any]:
    """As an incident keeps them."""
    plain: dict[str, Any] = msgspec.to_builtins(facts)
    return plain


def facts_in(plain: dict[str, Any]) -> Facts:
    """What an incident has kept. Raises msgspec.ValidationError for what another version has written."""
    return msgspec.convert(plain, Facts)


def known_facts(incident: Incident) -> Facts | None:
    """The facts of an incident; None where it has none, or another version has written them."""
    try:
        return facts_in(incident.facts)
    except msgspec.ValidationError:
        return None


def sentence_for(incident: Incident, zone: ZoneInfo) -> str:
    """The incident's sentence, its times in this zone where its facts are known."""
    facts = known_facts(incident)
    return facts.written(zone) if facts is not None else incident.sentence


def _name(rule: LiveRule, change: Change) -> str:
    stat = targets.stat_of(change.target)
    if stat is not None:
        # By a pattern, the same stat of many processes is found.
        return f"{stat.process}.{stat.name}" if rule.kind == TargetKind.PATTERN else stat.name
    return change.title or change.target
