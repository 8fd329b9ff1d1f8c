"""``wardwatch words``: the warning texts in the database, and their form as a file."""

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from pydantic import ValidationError

from core.clock import SystemClock
from core.config.site import Site
from core.config.wording import WarningText, WarningTexts, clashes
from core.errors import ConfigError
from core.store.unit import Unit
from core.wordbook import (
    WordsError,
    amend_all,
    differing,
    finding,
    in_effect,
    newest,
    plain,
    versions,
)
from core.wording import TextVersion
from wardwatch.cli.books import open_book, write_out
from wardwatch.cli.options import ConfigDir

app = typer.Typer(
    help="The warning texts: their versions are in the database, their first form is a file.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def export(
    config: ConfigDir,
    out: Annotated[Path | None, typer.Option(help="File to write; the screen by default.")] = None,
) -> None:
    """The newest version of every text, as warnings.yaml has it."""
    site, store = open_book(config)
    with store.read() as unit:
        found = newest(versions(unit, site.warning_texts))
        rows = [_as_file(unit, one) for one in found.values()]
    store.close()
    write_out(rows, out, "texts")


@app.command("import")
def import_texts(
    file: Annotated[Path, typer.Argument(help="Texts as warnings.yaml has them.")],
    config: ConfigDir,
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")],
    by: Annotated[str | None, typer.Option(help="Who decided it; this machine's user.")] = None,
) -> None:
    """Make a new version of every text that differs; all of them, or none when one is refused.

    What the file says of approval is not taken over: somebody approves them in the console.
    """
    given = _read(file)
    clock = SystemClock()
    site, store = open_book(config)
    actor = by or getpass.getuser()
    try:
        with store.begin() as unit:
            known = newest(versions(unit, site.warning_texts))
            fresh = [
                one
                for one in given.texts
                if one.id not in known or plain(known[one.id].content) != plain(one)
            ]
            made = amend_all(unit, site.warning_texts, fresh, actor, reason, clock.utc_ns())
    finally:
        store.close()
    for one in made:
        print(f"{one.id} waits for approval")
    print(f"{len(made)} new versions, {len(given.texts) - len(made)} texts unchanged")


@app.command()
def check(config: ConfigDir) -> None:
    """Texts that clash, wait for approval, are not said, or differ from the file."""
    site, store = open_book(config)
    with store.read() as unit:
        found = newest(versions(unit, site.warning_texts))
        lines = _open_points(unit, site, found)
    store.close()
    for line in lines:
        print(line)
    wrong = clashes(one.content for one in found.values())
    if wrong:
        raise WordsError("warning texts: " + "; ".join(wrong))
    print(f"one text is the most specific one at any place and time ({len(found)} texts)")


def _open_points(unit: Unit, site: Site, found: dict[str, TextVersion]) -> list[str]:
    rules = site.warnings
    said = {
        one.version.text: one.version.id
        for one in in_effect(unit, site.warning_texts, rules.only_approved)
    }
    lines = []
    for one in found.values():
        judged = finding(unit, one)
        if one.content.retired and judged is not None:
            continue
        if judged is None:
            now = said.get(one.text, "nothing")
            lines.append(f"{one.id}: nobody has judged it; {now} is said")
        elif not judged.approved:
            lines.append(f"{one.id}: turned down by {judged.by}: {judged.note}")
    return lines + [
        f"{text.id}: the file differs from {last.id}, which counts"
        for text, last in differing(unit, site.warning_texts)
    ]


def _as_file(unit: Unit, one: TextVersion) -> dict[str, Any]:
    judged = finding(unit, one)
    row = one.content.model_dump(mode="json", exclude_defaults=True)
    row["approved_by"] = ""
    if judged is not None and judged.approved:
        row["approved_by"] = f"{judged.by}（{judged.office}）"
    return row


def _read(file: Path) -> WarningTexts:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        if not isinstance(content, list):
            raise ConfigError(f"{file}: expected a list of texts")
        return WarningTexts(texts=tuple(WarningText.model_validate(one) for one in content))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{file}: cannot be read: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = " → ".join(str(part) for part in first["loc"])
        raise ConfigError(f"{file}: {place or '(whole file)'}: {first['msg']}") from None
