"""Tables of the scenario benchmark, and the document they are kept in."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

Result = dict[str, Any]
_HEAD = (
    "| kind | condition | scenes | violations | recall | precision | delay, median s | p95 s "
    "| false / h | calls / frame | CPU ms / frame |\n"
    "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
)


def table(results: list[Result]) -> str:
    """Markdown: one row by kind and condition, sums, then every miss and false alarm."""
    rows = []
    for kind in ("fishing", "dumping", "occupation", "negative"):
        own = [result for result in results if result["kind"] == kind]
        conditions = list(dict.fromkeys(result["condition"] for result in own))
        order = sorted(conditions, key=_order)
        rows += [_row(kind, name, [r for r in own if r["condition"] == name]) for name in order]
        if own:
            rows.append(_row(f"**{kind}**", "**all**", own))
    rows.append(_row("**all**", "", results))
    for kind in ("fishing", "dumping", "occupation"):
        rows.append(_by_sighting(kind, results))
    lines = _HEAD + "\n".join(row for row in rows if row) + "\n"
    return lines + "\n" + _causes(results)


_CONDITIONS = (
    "day",
    "night",
    "rain",
    "water",
    "leaves",
    "crowd",
    "occlusion",
    "small",
    "shake",
    "light",
)


def _order(name: str) -> tuple[int, str]:
    return (_CONDITIONS.index(name) if name in _CONDITIONS else 99, name)


def _row(kind: str, condition: str, results: list[Result]) -> str:
    truths = [one for result in results for one in result["truths"]]
    false = sum(len(result["false"]) for result in results)
    hours = sum(result["seconds"] for result in results) / 3600
    hits = [one["delay_s"] for one in truths if one["delay_s"] is not None]
    frames = sum(result["frames"] for result in results)
    calls = sum(result["calls"] for result in results) / max(frames, 1)
    cpu = sum(result["pipeline_ms"] * result["frames"] for result in results) / max(frames, 1)
    return _cells(
        kind, condition, len(results), len(truths), len(hits), false, hits,
        f"{false / max(hours, 1e-9):.1f}", f"{calls:.2f}", f"{cpu:.1f}",
    )  # fmt: skip


def _by_sighting(kind: str, results: list[Result]) -> str:
    """The kind as a whole: its violations against its false alarms in every scene."""
    truths = [one for result in results for one in result["truths"] if one["kind"] == kind]
    false = sum(one["kind"] == kind for result in results for one in result["false"])
    hours = sum(result["seconds"] for result in results) / 3600
    hits = [one["delay_s"] for one in truths if one["delay_s"] is not None]
    return _cells(
        f"sightings of {kind}", "every scene", len(results), len(truths), len(hits), false, hits,
        f"{false / max(hours, 1e-9):.1f}", "", "",
    )  # fmt: skip


def _cells(
    kind: str,
    condition: str,
    scenes: int,
    truths: int,
    found: int,
    false: int,
    delays: list[float],
    *more: str,
) -> str:
    recall = f"{found / truths:.2f}" if truths else "—"
    precision = f"{found / (found + false):.2f}" if found + false else "—"
    median = f"{np.median(delays):.1f}" if delays else "—"
    late = f"{np.percentile(delays, 95):.1f}" if delays else "—"
    cells = (kind, condition, str(scenes), str(truths), recall, precision, median, late, *more)
    return "| " + " | ".join(cells) + " |"


def _causes(results: list[Result]) -> str:
    lines = []
    missed = [(r, one) for r in results for one in r["truths"] if one["delay_s"] is None]
    if missed:
        counted = Counter(one["cause"] for _, one in missed)
        words = ", ".join(f"{number} × {cause}" for cause, number in counted.most_common())
        lines.append(f"Missed ({words}):\n")
        lines += [
            f"- `{r['id']}` {one['label']} in {one['zone']}: {one['cause']} (tracked "
            f"{one['tracked']:.0%} of the time by {one['track_ids']} tracks, in the static map "
            f"{one['mapped']:.0%}, model scores {one['model_scores']})"
            for r, one in missed
        ]
        lines.append("")
    false = [(result, one) for result in results for one in result["false"]]
    if false:
        lines.append("False alarms:\n")
        lines += [
            f"- `{result['id']}` {one['t_s']:.0f} s, {one['kind']} in {one['zone']} "
            f"({one['reason']}; {', '.join(one['labels']) or 'no label'}): {one['why']}"
            for result, one in false
        ]
        lines.append("")
    return "\n".join(lines)


def hours_table(results: list[Result]) -> str:
    """False alarms in the long run of negatives."""
    hours = sum(result["seconds"] for result in results) / 3600
    false = [(result, one) for result in results for one in result["false"]]
    expected = sum(len(result["truths"]) for result in results)
    counted = Counter((result["condition"], one["kind"]) for result, one in false)
    lines = [
        (
            f"{hours:.2f} rendered hours of negatives in {len(results)} variations "
            f"(violations by accident in them: {expected}): **{len(false)} false alarms, "
            f"{len(false) / max(hours, 1e-9):.2f} an hour**.\n"
        ),
        "| scene | kind | false alarms |",
        "|---|---|--:|",
    ]
    lines += [f"| {name} | {kind} | {number} |" for (name, kind), number in counted.most_common()]
    lines.append("")
    lines += [
        f"- `{result['id']}` ({result['weather']}) {one['t_s']:.0f} s, {one['kind']} in "
        f"{one['zone']} ({', '.join(one['labels']) or 'no label'}): {one['why']}"
        for result, one in false
    ]
    return "\n".join(lines) + "\n"


def write_docs(path: Path, name: str, text: str) -> None:
    """Replace what stands between ``<!-- name -->`` and ``<!-- /name -->``."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, _, rest = path.read_text(encoding="utf-8").partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"{path}: no line {begin} … {end} to put the table between")
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
