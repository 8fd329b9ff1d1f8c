"""From a person's word at the desk to a training set: real store, vault and video."""

import hashlib
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from core.clock import NS_PER_S, ManualClock
from core.geometry import Box
from core.messages import Action, ObjectsSeen, SeenObject
from core.seeing import Sighting
from core.store.database import Store, open_store
from models.evaluate import dataset_sha256
from recorder.vault import Vault
from tests.alerts.world import START_NS, World, make_site
from wardwatch.teaching.dataset import draw, export
from wardwatch.teaching.keeper import Keeper
from wardwatch.teaching.lessons import TeachingError, lessons
from wardwatch.teaching.moments import Moments

SUBJECT = Box(0.4, 0.4, 0.1, 0.2)
CLASSES = ("person", "boat", "car")
DAY_S = 86_400


def film(path: Path, seconds: int = 4) -> Path:
    """A grey film whose brightness tells the second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=5, options={"crf": "10"})
        stream.width, stream.height = 160, 120
        stream.time_base = Fraction(1, 5)
        for number in range(seconds * 5):
            picture = np.full((120, 160, 3), 40 + 40 * (number // 5), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


class School:
    """A desk, a vault and a keeper."""

    def __init__(self, root: Path, store: Store, clock: ManualClock, **teaching: Any) -> None:
        self.site = make_site(teaching=teaching)
        self.world = World(store, clock, self.site)
        self.root, self.clock = root / "teaching", clock
        self.scratch = root
        self.vault = Vault(root / "vault", clock)
        self.moments = Moments(self.root / "moments")
        self.keeper = Keeper(self.root, self.vault, store, clock, self.moments)

    def incident(self, name: str, *others: SeenObject, camera: str = "river") -> str:
        """A person is seen among others; the clip is sealed. Gives the incident's id."""
        sighting = self.world.see(name, camera=camera)
        fired = Sighting.model_validate({**sighting.model_dump(), "tracks": (1,), "model": "m@1"})
        self.moments.on_sighting(fired)
        subject = SeenObject(track=1, label="person", score=0.9, box=SUBJECT)
        self.moments.on_objects(
            ObjectsSeen(
                camera=camera, time_ns=fired.fired_ns, looked=True, objects=(subject, *others)
            )
        )
        incident = next(one for one in self.world.incidents if name in one.sightings)
        first_ns = fired.fired_ns - 2 * NS_PER_S
        item = self.vault.seal(
            incident.id, "clip", film(self.scratch / f"{name}.mp4"), camera=camera,
            first_ns=first_ns, last_ns=first_ns + 4 * NS_PER_S,
        )  # fmt: skip
        self.world.desk.on_evidence(item)
        return incident.id

    def audit(self, action: str) -> list[str]:
        with self.world.store.read() as unit:
            return [one.object for one in unit.audit.entries() if one.action == action]


@pytest.fixture
def school(tmp_path: Path) -> Any:
    clock = ManualClock(START_NS)
    store = open_store(f"sqlite:///{tmp_path / 'w.db'}", clock)
    yield School(tmp_path, store, clock)
    store.close()


BOAT = SeenObject(track=7, label="boat", score=0.8, box=Box(0.1, 0.1, 0.2, 0.1))
GOOSE = SeenObject(track=8, label="goose", score=0.8, box=Box(0.7, 0.7, 0.1, 0.1))


def test_a_judged_incident_keeps_its_picture_and_boxes(school: School) -> None:
    name = school.incident("s1", BOAT)
    assert school.keeper.look(school.site) == []  # nobody has judged it yet
    school.world.command(Action.DISMISS, reason="误报", incident=name)
    (lesson,) = school.keeper.look(school.site)
    assert lesson.judgement.verdict == "false_alarm"
    assert lesson.judgement.by == "zhou"
    (picture,) = lesson.pictures
    content = (school.root / name / picture.file).read_bytes()
    assert hashlib.sha256(content).hexdigest() == picture.sha256
    shown = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (120, 160, 3)
    assert abs(float(shown.mean()) - 120) < 4  # the second of the film at which it fired
    assert float(shown.std()) < 3  # and nothing drawn on it
    assert [(one.label, one.subject) for one in picture.objects] == [
        ("person", True),
        ("boat", False),
    ]
    assert school.keeper.look(school.site) == []
    assert school.audit("teaching.kept") == [name]


@pytest.mark.parametrize(
    ("action", "reason", "verdict"),
    [
        (Action.DISMISS, "False alarm", "false_alarm"),
        (Action.DISMISS, "工作人员", "allowed"),
        (Action.CLOSE, "电话已告知", "confirmed"),
        (Action.DISPATCH, "", "confirmed"),
    ],
)
def test_the_verdict_is_the_last_word_of_a_person(
    school: School, action: Action, reason: str, verdict: str
) -> None:
    name = school.incident("s1", camera="asked")
    assert school.world.command(action, reason=reason, incident=name) is None
    assert [one.judgement.verdict for one in school.keeper.look(school.site)] == [verdict]


def test_a_changed_mind_changes_the_verdict(school: School) -> None:
    name = school.incident("s1", camera="asked")
    school.world.command(Action.CONFIRM, incident=name)
    assert school.keeper.look(school.site)[0].judgement.verdict == "confirmed"
    school.world.command(Action.DISMISS, reason="误报", incident=name)
    assert school.keeper.look(school.site)[0].judgement.verdict == "false_alarm"
    assert [one.judgement.verdict for one in lessons(school.root)] == ["false_alarm"]


def test_a_clip_that_was_changed_is_not_learned_from(school: School) -> None:
    name = school.incident("s1")
    clip = next((school.vault.root / name).glob("clip-*"))
    clip.chmod(0o600)
    clip.write_bytes(clip.read_bytes() + b"x")
    school.world.command(Action.DISMISS, reason="误报", incident=name)
    assert school.keeper.look(school.site) == []


def test_lessons_go_when_they_are_old_and_when_there_is_no_room(school: School) -> None:
    for number in range(3):
        name = school.incident(f"s{number}")
        school.world.command(Action.DISMISS, reason="工作人员", incident=name)
        school.clock.advance(DAY_S)
        school.keeper.look(school.site)
    kept = [one.incident for one in lessons(school.root)]
    assert len(kept) == 3
    size = sum(file.stat().st_size for file in (school.root / name).iterdir())
    school.keeper.look(make_site(teaching={"max_gb": size * 1.5 / 1e9}))
    assert [one.incident for one in lessons(school.root)] == [name]
    school.clock.advance(181 * DAY_S)
    school.keeper.look(school.site)
    assert list(lessons(school.root)) == []
    assert len(school.audit("teaching.forgotten")) == 3


def taught(school: School) -> None:
    """Six days: confirmed, false alarm and allowed by turns."""
    ways = [(Action.CLOSE, "电话已告知"), (Action.DISMISS, "误报"), (Action.DISMISS, "情形合法")]
    for number in range(6):
        name = school.incident(f"s{number}", BOAT, GOOSE)
        action, reason = ways[number % 3]
        assert school.world.command(action, reason=reason, incident=name) is None
        school.keeper.look(school.site)
        # Rules made here would hold back what follows.
        with school.world.store.begin() as unit:
            for rule in unit.suppressions.find():
                unit.suppressions.remove(rule.id)
        school.clock.advance(DAY_S)


def tree(root: Path) -> dict[str, bytes]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def test_yolo_set_has_boxes_of_the_confirmed_and_background(school: School, tmp_path: Path) -> None:
    taught(school)
    made = export(school.root, tmp_path / "set", CLASSES, val_share=0.5)
    assert (made["confirmed"], made["false_alarms"]) == (2, 2)
    assert made["left_out"] == {"allowed": 2, "objects_of_other_classes": 4}
    by_verdict: dict[str, list[str]] = {}
    verdicts = {one.incident: one.judgement.verdict for one in lessons(school.root)}
    for path in (tmp_path / "set").glob("*/labels/*.txt"):
        lines = path.read_text().splitlines()
        by_verdict[verdicts[path.stem.rpartition("-")[0]]] = lines
        assert (path.parents[1] / "images" / f"{path.stem}.jpg").is_file()
    boat = "1 0.200000 0.150000 0.200000 0.100000"
    assert by_verdict == {
        "confirmed": ["0 0.450000 0.500000 0.100000 0.200000", boat],
        "false_alarm": [boat],
    }
    assert '  0: "person"\n' in (tmp_path / "set" / "data.yaml").read_text()
    assert min(made["pictures"].values()) >= 1


@pytest.mark.parametrize("form", ["yolo", "coco"])
def test_the_set_is_the_same_every_time(school: School, tmp_path: Path, form: Any) -> None:
    taught(school)
    first = export(school.root, tmp_path / "a", CLASSES, form=form)
    second = export(school.root, tmp_path / "b", CLASSES, form=form)
    assert first == second
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    assert dataset_sha256(tmp_path / "a" / "train") == dataset_sha256(tmp_path / "b" / "train")
    table = json.loads((tmp_path / "a" / "train" / "annotations.json").read_text())
    assert [one["name"] for one in table["categories"]] == list(CLASSES)
    for image in table["images"]:
        assert (tmp_path / "a" / "train" / image["file_name"]).is_file()


def test_no_camera_day_is_on_both_sides_and_none_changes_side(
    school: School, tmp_path: Path
) -> None:
    taught(school)
    used = [one for one in lessons(school.root) if one.judgement.verdict != "allowed"]
    lots = sorted({draw((one.camera, one.day)) for one in used})
    share = lots[1]  # one camera-day is below: neither side is empty, and none is moved
    export(school.root, tmp_path / "before", CLASSES, val_share=share)
    for number in range(6, 9):
        name = school.incident(f"s{number}")
        assert school.world.command(Action.CLOSE, reason="电话已告知", incident=name) is None
        school.keeper.look(school.site)
        school.clock.advance(3600)
    export(school.root, tmp_path / "after", CLASSES, val_share=share)
    sides: dict[tuple[str, str], set[str]] = {}
    days = {one.incident: (one.camera, one.day) for one in lessons(school.root)}
    for made in ("before", "after"):
        for path in (tmp_path / made).glob("*/images/*.jpg"):
            group = days[path.stem.rpartition("-")[0]]
            sides.setdefault(group, set()).add(path.parents[1].name)
    assert all(len(where) == 1 for where in sides.values())


def test_export_says_what_is_wrong(school: School, tmp_path: Path) -> None:
    with pytest.raises(TeachingError, match="no judged incident"):
        export(school.root, tmp_path / "set", CLASSES)
    name = school.incident("s1")
    school.world.command(Action.CLOSE, reason="电话已告知", incident=name)
    (lesson,) = school.keeper.look(school.site)
    with pytest.raises(TeachingError, match="no judged incident"):
        export(school.root, tmp_path / "set", CLASSES, since_ns=school.clock.utc_ns() + 1)
    picture = school.root / name / lesson.pictures[0].file
    picture.write_bytes(b"another")
    with pytest.raises(TeachingError, match="missing or changed"):
        export(school.root, tmp_path / "set", CLASSES)
    assert not (tmp_path / "set").exists()
    (tmp_path / "set").mkdir()
    with pytest.raises(TeachingError, match="exists already"):
        export(school.root, tmp_path / "set", CLASSES)
