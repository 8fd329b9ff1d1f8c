"""Warning texts over HTTP: who may edit, approve, record and listen."""

import io
import wave
from typing import Any

import numpy as np
import pytest

from console.accounts import create_user
from core.store.users import Role
from core.wordbook import seed
from tests.console import fake_services
from tests.console.conftest import Desk

API = "/api/v1/warning-texts"


@pytest.fixture
def legal(desk: Desk) -> Any:
    """A reviewer's client; the file's texts are stored."""
    clock = desk.services.clock
    create_user(desk.services.store, "fazhi", fake_services.PASSWORD, Role.REVIEWER, clock)
    with desk.services.store.begin() as unit:
        seed(unit, desk.services.site.warning_texts, clock.utc_ns())
    return desk.sign_in("fazhi")


def text_of(client: Any, name: str) -> dict[str, Any]:
    (found,) = [one for one in client.get(API).json()["texts"] if one["text"] == name]
    return dict(found)


def tone(seconds: float = 1.0, amplitude: float = 6000) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        t = np.arange(round(16000 * seconds)) / 16000
        pcm = np.clip(amplitude * np.sin(2 * np.pi * 700 * t), -32768, 32767)
        file.writeframes(pcm.astype("<i2").tobytes())
    return buffer.getvalue()


def test_a_text_is_edited_by_one_and_approved_by_another(desk: Desk, legal: Any) -> None:
    looker, chief = desk.sign_in("viewer"), desk.sign_in("chief")
    before = text_of(looker, "fishing-1")
    newest = before["versions"][0]
    assert (newest["said"], newest["finding"], newest["may_judge"]) == (True, None, False)
    content = newest["content"]
    content["text"]["zh"] = "{township}执法队：{zone}禁止垂钓。"
    change = {"content": content, "reason": "更短", "seen": 1}
    where = f"{API}/texts/fishing-1"
    assert looker.post(where, json=change).status_code == 403
    made = legal.post(where, json=change)
    assert made.status_code == 201, made.text
    assert made.json()["id"] == "fishing-1@2"
    again = legal.post(where, json=change)
    assert again.status_code == 409
    assert "version 2 was made meanwhile" in again.json()["detail"]
    yes = {"office": "法制审核员", "approved": True}
    own = legal.post(f"{API}/versions/fishing-1@2/findings", json=yes)
    assert own.status_code == 409
    assert "whoever wrote" in own.json()["detail"]
    no_reason = chief.post(
        f"{API}/versions/fishing-1@2/findings", json={"office": "值班长", "approved": False}
    )
    assert no_reason.status_code == 409
    assert chief.post(f"{API}/versions/fishing-1@2/findings", json=yes).status_code == 201
    after = text_of(looker, "fishing-1")
    assert [one["said"] for one in after["versions"]] == [True, False]
    assert after["versions"][0]["finding"]["by"] == "chief"
    (edited,), (judged,) = desk.audit("words.version"), desk.audit("words.judge")
    assert (edited.actor, edited.object, edited.reason) == ("fazhi", "fishing-1@2", "更短")
    assert (judged.actor, judged.detail["approved"]) == ("chief", True)


def test_what_cannot_be_said_is_refused(desk: Desk, legal: Any) -> None:
    content = text_of(legal, "dumping")["versions"][0]["content"]
    bad = {**content, "text": {"zh": "{plate}", "en": "x"}}
    refused = legal.post(f"{API}/texts/dumping", json={"content": bad, "reason": "试试"})
    assert refused.status_code == 422
    twin = {**content, "id": "dumping-too"}
    clash = legal.post(f"{API}/texts/dumping-too", json={"content": twin, "reason": "试试"})
    assert clash.status_code == 409
    assert "'dumping' and 'dumping-too' both fit" in clash.json()["detail"]
    assert (
        legal.post(f"{API}/texts/other", json={"content": twin, "reason": "试"}).status_code == 422
    )


def test_a_recording_is_measured_listened_to_and_approved(desk: Desk, legal: Any) -> None:
    chief = desk.sign_in("chief")
    where = f"{API}/versions/fishing-1@1/recordings?language=zh&piece=2"
    assert desk.sign_in("viewer").post(where, content=tone()).status_code == 403
    for data, words in ((b"<html>", "no WAV"), (tone(amplitude=90_000), "cut off")):
        refused = legal.post(where, content=data)
        assert refused.status_code == 422
        assert words in refused.json()["detail"]
    made = legal.post(where, content=tone())
    assert made.status_code == 201, made.text
    assert (made.json()["clipped"], made.json()["approved"]) == (0, False)
    assert made.json()["speech_dbfs"] == pytest.approx(-17.8, abs=0.3)
    yes = {"office": "值班长", "approved": True}
    assert legal.post(f"{API}/versions/fishing-1@1/findings", json=yes).status_code == 409
    assert chief.post(f"{API}/versions/fishing-1@1/findings", json=yes).status_code == 201
    (piece,) = text_of(chief, "fishing-1")["versions"][0]["recordings"]
    assert piece["approved"] is True
    site = desk.services.site
    camera = next(one for one in site.cameras if one.zones)
    asked = {"version": "fishing-1@1", "language": "zh", "camera": camera.id}
    sound = chief.post(f"{API}/sound", json={**asked, "zone": camera.zones[0].id})
    assert sound.status_code == 200, sound.text
    assert sound.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(sound.content)) as file:
        seconds = file.getnframes() / file.getframerate()
    assert float(sound.headers["x-seconds"]) == pytest.approx(seconds, abs=0.06)
    assert float(sound.headers["x-speech-dbfs"]) == pytest.approx(-13, abs=2)
    assert [one.object for one in desk.audit("words.recording")] == ["fishing-1@1"]


def test_words_that_are_being_written_can_be_heard(legal: Any, desk: Desk) -> None:
    heard = legal.post(f"{API}/sound", json={"template": "{township}：请离开", "language": "zh"})
    assert heard.status_code == 200
    for template in ("{plate}", "，。", "{"):
        refused = legal.post(f"{API}/sound", json={"template": template, "language": "zh"})
        assert refused.status_code == 422
    desk.services.voice = None
    gone = legal.post(f"{API}/sound", json={"template": "请离开", "language": "zh"})
    assert gone.status_code == 503
    assert legal.get(API).json()["may_listen"] is False
