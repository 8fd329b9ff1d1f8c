"""The books of the database as files: what is taken out can be brought in again."""

import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from core.config.load import SHIPPED
from wardwatch.cli import catalogue, words


@pytest.mark.parametrize(
    ("book", "field"), [("catalogue", ("basis", "渔业法第四十四条")), ("words", ("text", None))]
)
def test_a_book_goes_out_and_comes_in_with_what_was_changed(
    tmp_path: Path, book: str, field: tuple[str, str | None]
) -> None:
    config, out = tmp_path / "site", tmp_path / "book.yaml"
    shutil.copytree(SHIPPED / "demo", config)
    township = config / "township.yaml"
    said = township.read_text(encoding="utf-8")
    township.write_text(said.replace("data_dir: var", f"data_dir: {tmp_path / 'data'}"), "utf-8")

    app = {"catalogue": catalogue.app, "words": words.app}[book]

    def run(*given: str) -> str:
        done = CliRunner().invoke(app, [*given, "--config", str(config)])
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    run("export", "--out", str(out))
    rows = yaml.safe_load(out.read_text(encoding="utf-8"))
    name, changed = field
    rows[0][name] = changed or {"zh": "请立即离开。", "en": "Leave now."}
    out.write_text(yaml.safe_dump(rows, allow_unicode=True), encoding="utf-8")
    for _ in range(2):  # the second time nothing differs
        run("import", str(out), "--reason", "改正")
    again = yaml.safe_load(run("export"))
    assert again[0][name] == rows[0][name]
    assert [one["id"] for one in again] == [one["id"] for one in rows]
