"""Setting documents as PDF with Typst and a Chinese font of this machine."""

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typst
from PIL import Image, ImageFont

from recorder.casefile.errors import CaseFileError
from recorder.snapshot import chinese_font

_TEMPLATE = Path(__file__).with_name("documents.typ")
_DRAWN = {"JPEG": ".jpg", "PNG": ".png"}
TITLES = ("证据说明", "提取固定清单", "审核记录", "时间线")


def font_of_documents() -> tuple[str, Path]:
    """Family and folder of the font.

    Raises:
        CaseFileError: no font on this machine has Chinese.
    """
    found = chinese_font()
    if found is None:
        raise CaseFileError(
            "case file: no font with Chinese on this machine; install one (Debian, Ubuntu: "
            "fonts-noto-cjk)"
        )
    path, index = found
    family = ImageFont.truetype(str(path), 12, index=index).getname()[0]
    return str(family), path.parent


def typeset(
    data: Mapping[str, Any], pictures: Mapping[str, Path], titles: Sequence[str] = TITLES
) -> dict[str, bytes]:
    """All documents as PDF, by title.

    Args:
        data: what the template shows; a timeline entry's ``picture`` names one of ``pictures``.
        pictures: by name; those that cannot be drawn are left out, and the entry says so.

    Raises:
        CaseFileError: no Chinese font, or the documents cannot be set.
    """
    family, folder = font_of_documents()
    with tempfile.TemporaryDirectory(prefix="ww-") as scratch:
        root = Path(scratch)
        names = _put_pictures(pictures, root)
        timeline = [_with_picture(one, names) for one in data.get("timeline", ())]
        whole = {**data, "timeline": timeline, "font": family}
        (root / "data.json").write_text(
            json.dumps(_printable(whole), ensure_ascii=False), encoding="utf-8"
        )
        template = root / _TEMPLATE.name
        shutil.copyfile(_TEMPLATE, template)
        try:
            compiler = typst.Compiler(
                template,
                root=root,
                font_paths=typst.Fonts(
                    include_system_fonts=False, include_embedded_fonts=True, font_paths=[folder]
                ),
            )
            return {title: _pdf(compiler, title) for title in titles}
        except (RuntimeError, typst.TypstError) as error:
            raise CaseFileError(f"case file: documents cannot be set: {error}") from error


def _pdf(compiler: typst.Compiler, title: str) -> bytes:
    inputs = {"document": title}
    try:
        # PDF/A-2b (ISO 19005-2): for archives, with every font inside.
        made = compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards="a-2b")
    except typst.TypstError:
        # It forbids letters that the font lacks; somebody may have typed one into a reason.
        made = compiler.compile(format="pdf", sys_inputs=inputs)
    if not isinstance(made, bytes):
        raise CaseFileError(f"case file: {title}: Typst made no single file")
    return made


def _printable(value: Any) -> Any:
    """The same with a box for every character that would not be seen, or would turn a line."""
    if isinstance(value, str):
        return "".join(one if one.isprintable() or one == "\n" else "□" for one in value)
    if isinstance(value, Mapping):
        return {name: _printable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(one) for one in value]
    return value


def _put_pictures(pictures: Mapping[str, Path], root: Path) -> dict[str, str]:
    names = {}
    for number, (name, path) in enumerate(pictures.items()):
        try:
            with Image.open(path) as picture:
                picture.load()
                ending = _DRAWN[picture.format or ""]
        except (OSError, KeyError, ValueError, Image.DecompressionBombError):
            continue
        names[name] = f"picture-{number}{ending}"
        shutil.copyfile(path, root / names[name])
    return names


def _with_picture(entry: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    wanted = entry["picture"]
    if not wanted or wanted in names:
        return {**entry, "picture": names.get(wanted, "")}
    return {**entry, "picture": "", "detail": f"{entry['detail']}（图像无法显示）"}
