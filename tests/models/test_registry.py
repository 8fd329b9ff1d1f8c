"""The registry file: what it says, and how it complains."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from models import registry
from models.errors import ModelError

GOOD: dict[str, Any] = {
    "models": [
        {
            "name": "tiny",
            "family": "yolox",
            "licence": "Apache-2.0",
            "classes": ["person"],
            "input_size": [32, 32],
            "sha256": "0" * 64,
            "sources": [{"kind": "file", "name": "tiny.onnx"}],
        }
    ]
}


def write(tmp_path: Path, **changes: Any) -> Path:
    entry = {**GOOD["models"][0], **changes}
    path = tmp_path / "registry.yaml"
    path.write_text(yaml.safe_dump({"models": [entry]}))
    return path


def test_shipped_registry_names_both_models() -> None:
    shipped = registry.load()
    assert [entry.name for entry in shipped.models] == ["yolox-nano", "centernet-mbv3"]
    assert {len(entry.classes) for entry in shipped.models} == {80}
    assert shipped.models[0].classes[0] == "person"
    assert shipped.models[0].classes[79] == "toothbrush"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sha256": "abc"}, "tiny → sha256"),
        ({"family": "resnet"}, "tiny → family"),
        ({"classes": []}, "tiny → classes"),
        ({"classes": "no-such-list"}, "tiny → classes"),
        ({"input_size": [416]}, "tiny → input_size"),
        ({"input_size": [0, 416]}, "tiny → input_size → 0"),
        ({"sources": []}, "tiny → sources"),
        ({"sources": [{"kind": "ftp"}]}, "tiny → sources → 0"),
        ({"sources": [{"kind": "file", "name": "../x.onnx"}]}, "sources → 0 → file → name"),
        ({"sources": [{"kind": "url", "url": "file:///etc/passwd"}]}, "sources → 0 → url → url"),
        ({"colour": "blue"}, "tiny → colour: unknown key"),
        ({"name": "../up"}, "../up → name"),
        (
            {
                "sources": [
                    {
                        "kind": "npm",
                        "package": "@a/b",
                        "version": "^1.0.0",
                        "convert": "centernet",
                        "members": [{"path": "x", "sha256": "0" * 64}],
                    }
                ]
            },
            "sources → 0 → npm → version",
        ),
    ],
)
def test_errors_name_file_model_and_field(
    tmp_path: Path, changes: dict[str, Any], field: str
) -> None:
    path = write(tmp_path, **changes)
    with pytest.raises(ModelError) as raised:
        registry.load(path)
    assert str(path) in str(raised.value)
    assert field in str(raised.value)


def test_a_name_stands_once(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text(yaml.safe_dump({"models": GOOD["models"] * 2}))
    with pytest.raises(ModelError, match="the name tiny stands twice"):
        registry.load(path)


@pytest.mark.parametrize("text", ["", "- a", "models: 3", "models: [", "models: []"])
def test_not_a_registry(tmp_path: Path, text: str) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text(text)
    with pytest.raises(ModelError, match=r"registry\.yaml"):
        registry.load(path)
