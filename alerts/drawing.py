"""Draw the state machine of incidents from its table, as a Mermaid diagram for the docs.

    python -m alerts.drawing docs/design/lifecycle.md

replaces what stands between the two markers in the file; a test holds it up to date.
"""

import sys
from pathlib import Path

from alerts.errors import AlertsError, TransitionError
from alerts.lifecycle import ENDS, OPEN, SYSTEM, TRANSITIONS, advance
from core.cases import Incident, IncidentState, Severity, StateChange
from core.geometry import Box
from core.seeing import Kind
from core.value import NO_WORDS, Text

BEGIN = "<!-- drawn by `python -m alerts.drawing`: begin -->"
END = "<!-- drawn by `python -m alerts.drawing`: end -->"


def diagram() -> str:
    """The table of the life cycle; each step is labelled with what its guard asks for.

    The ends that a person may bring about from every open state are drawn once.
    """
    lines = ["stateDiagram-v2", "    direction LR", "    [*] --> detected"]
    lines += [f"    any_open_state --> {to.value}: person" for to in sorted(ENDS)]
    for here, steps in TRANSITIONS.items():
        for to in steps:
            label = _label(here, to)
            if here in OPEN and to in ENDS and label == "person":
                continue
            lines.append(f"    {here.value} --> {to.value}" + (f": {label}" if label else ""))
    return "\n".join(lines) + "\n"


def redraw(text: str) -> str:
    """A document with the present diagram between its markers.

    Raises:
        AlertsError: the markers are missing.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise AlertsError(f"no diagram to replace: write the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n```mermaid\n{diagram()}```\n{END}{after}"


def _label(here: IncidentState, to: IncidentState) -> str:
    """What the guard asks for, found by asking it."""
    if not _may(here, to, SYSTEM, active=False):
        return "person"
    return "" if _may(here, to, SYSTEM, active=True) else "act over"


def _may(here: IncidentState, to: IncidentState, actor: str, *, active: bool) -> bool:
    incident = Incident(
        id="drawn",
        kind=Kind.FISHING,
        severity=Severity.MINOR,
        camera="",
        zone="",
        state=here,
        history=(StateChange(state=here.value, at_ns=0, actor=SYSTEM),),
        started_ns=0,
        last_seen_ns=0,
        active=active,
        box=Box(0, 0, 1, 1),
        why=NO_WORDS,
    )
    try:
        advance(incident, to, 0, actor, Text.same("drawn"))
    except TransitionError:
        return False
    return True


def main() -> None:
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(redraw(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
