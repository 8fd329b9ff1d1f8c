"""The models known, as ``registry.yaml`` lists them."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from core.config.base import Id, Section
from models.errors import ModelError

SHIPPED = Path(__file__).with_name("registry.yaml")

Family = Literal["yolox", "centernet", "yolo", "rtdetr"]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
InputSize = tuple[Annotated[int, Field(gt=0, le=4096)], Annotated[int, Field(gt=0, le=4096)]]


class FileSource(Section):
    """A file in the mirror directory."""

    kind: Literal["file"]
    name: str = Field(title="文件名", description="File name within the mirror directory.")

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if PurePosixPath(name).name != name or "\\" in name or name in ("", ".", ".."):
            raise ValueError("a plain file name is wanted, without directories")
        return name

    def __str__(self) -> str:
        return f"file {self.name}"


class UrlSource(Section):
    """A download."""

    kind: Literal["url"]
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+/\S+$")] = Field(
        title="网址", description="Where the ONNX file lies, http or https."
    )

    def __str__(self) -> str:
        return f"url {self.url}"


class Member(Section):
    """One file of a package and its hash."""

    path: str = Field(title="路径", description="Path within the package's archive.")
    sha256: Sha256 = Field(title="SHA-256", description="Hash of the file, 64 hex digits.")


class NpmSource(Section):
    """Files out of an npm package, converted to ONNX here."""

    kind: Literal["npm"]
    package: Annotated[
        str, StringConstraints(pattern=r"^(@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*$")
    ] = Field(title="包名", description="Name of the npm package, with its scope.")
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+[0-9A-Za-z.+-]*$")] = Field(
        title="版本", description="Exact version; ranges are not allowed."
    )
    members: tuple[Member, ...] = Field(
        min_length=1, title="成员", description="Files wanted, in the order the converter takes."
    )
    convert: Literal["centernet"] = Field(
        title="转换", description="Converter in `models/convert/` that makes the ONNX file."
    )

    def __str__(self) -> str:
        return f"npm {self.package}@{self.version}"


Source = Annotated[FileSource | UrlSource | NpmSource, Field(discriminator="kind")]


class Entry(Section):
    """One model."""

    name: Id = Field(title="名称", description="Name used on the command line and in reports.")
    title: str = Field(default="", title="说明", description="One line for people.")
    family: Family = Field(title="系列", description="How pictures go in and answers come out.")
    licence: str = Field(min_length=1, title="许可证", description="SPDX name of its licence.")
    homepage: str = Field(default="", title="主页", description="Where it comes from.")
    classes: tuple[str, ...] = Field(
        min_length=1, title="类别", description="Class names in the order of the model's output."
    )
    input_size: InputSize = Field(title="输入尺寸", description="Height and width in pixels.")
    sha256: Sha256 = Field(title="SHA-256", description="Hash of the ONNX file, 64 hex digits.")
    sources: tuple[Source, ...] = Field(
        min_length=1, title="来源", description="Where to get it, tried in this order."
    )


class Registry(Section):
    """All models known, best default first."""

    models: tuple[Entry, ...] = Field(min_length=1, title="模型", description="Models known.")

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [entry.name for entry in self.models]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"models: the name {sorted(twice)[0]} stands twice")
        return self

    def entry(self, name: str) -> Entry | None:
        """The entry of that name, None when the registry has none."""
        return next((entry for entry in self.models if entry.name == name), None)


def load(path: Path = SHIPPED) -> Registry:
    """Read a registry file.

    Raises:
        ModelError: one line a problem, each naming the file, the model and the field.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: the model registry cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise ModelError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict) or not isinstance(data.get("models"), list):
        raise ModelError(f"{path}: models: expected a list of models")
    lists = data.pop("class_lists", {})
    if not isinstance(lists, dict):
        raise ModelError(f"{path}: class_lists: expected names with lists of classes")
    data["models"] = [_with_classes(raw, lists, path) for raw in data["models"]]
    try:
        return Registry.model_validate(data)
    except ValidationError as error:
        raise ModelError(_explain(error, data, path)) from None


def _with_classes(raw: Any, lists: Mapping[str, Any], path: Path) -> Any:
    if not isinstance(raw, dict) or not isinstance(raw.get("classes"), str):
        return raw
    if raw["classes"] not in lists:
        raise ModelError(
            f"{path}: {raw.get('name', '?')} → classes: no list {raw['classes']!r} in class_lists"
        )
    return {**raw, "classes": lists[raw["classes"]]}


def _explain(error: ValidationError, data: Mapping[str, Any], path: Path) -> str:
    lines = []
    for problem in error.errors():
        place = list(problem["loc"])
        if len(place) > 1 and isinstance(place[1], int):
            raw = data["models"][place[1]]
            named = raw.get("name") if isinstance(raw, dict) else None
            place = [named or f"model {place[1] + 1}", *place[2:]]
        field = " → ".join(str(part) for part in place) or "(whole file)"
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            message = "unknown key"
        given = problem["input"]
        shown = f" (given: {given!r})" if isinstance(given, str | int | float) else ""
        lines.append(f"{path}: {field}: {message}{shown}")
    return "\n".join(lines)
