"""What is heard is written down, version after version, for the file it is heard in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cases import EvidenceItem, Receipt
from core.clock import ManualClock
from core.store.database import Store, open_store
from core.transcripts import TranscriptError, newest, versions, write

SHA = "a" * 64


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'town.db'}", clock)
    yield opened
    opened.close()


def item(role: str, name: str = "fm-1") -> EvidenceItem:
    return EvidenceItem(
        id=name, incident="inc-1", role=role, path="x", sha256=SHA, bytes=1, mime="audio/webm",
        camera="officer-1", first_ns=1, last_ns=2, sealed_ns=3,
    )  # fmt: skip


def test_every_version_stays_and_is_in_the_audit_log(store: Store, clock: ManualClock) -> None:
    voice = item("field_audio")
    with store.begin() as unit:
        first = write(unit, voice, "  请靠边停车 ", "monitor", clock.utc_ns(), 0)
        assert write(unit, voice, "请靠边停车", "monitor", clock.utc_ns(), 0) == first
        write(unit, voice, "请把车靠边停", "chief", clock.utc_ns(), 1)
    with store.read() as unit:
        assert [(one.version, one.by, one.text) for one in versions(unit, voice)] == [
            (1, "monitor", "请靠边停车"), (2, "chief", "请把车靠边停"),
        ]  # fmt: skip
        logged = list(unit.audit.entries("inc-1"))
    assert [one.detail["text"] for one in logged] == ["请靠边停车", "请把车靠边停"]


def test_two_writers_and_what_is_no_sound_are_refused(store: Store) -> None:
    with store.begin() as unit:
        write(unit, item("field_video"), "（无对话）", "monitor", 1, 0)
        with pytest.raises(TranscriptError, match="version 1 was written meanwhile"):
            write(unit, item("field_video"), "别的", "chief", 2, 0)
        with pytest.raises(TranscriptError, match="clip is no sound"):
            write(unit, item("clip", "c-1"), "别的", "chief", 2, 0)
        with pytest.raises(TranscriptError, match="give 1 to"):
            write(unit, item("field_audio", "v-1"), "  ", "chief", 2, 0)


def test_a_warning_says_what_it_was_given_until_somebody_listens(store: Store) -> None:
    said = item("warning_audio", "ann-1-audio")
    with store.begin() as unit:
        assert newest(unit, [said]) == {}
        unit.receipts.put(Receipt(
            announcement="ann-1", incident="inc-1", camera="river", ok=True, driver="onvif",
            text="请离开", audio_sha256=SHA))  # fmt: skip
        assert newest(unit, [said])[said.id].text == "请离开"
        assert newest(unit, [said])[said.id].version == 0
        write(unit, said, "请离开（后半句听不清）", "monitor", 1, 0)
        assert newest(unit, [said])[said.id].version == 1
