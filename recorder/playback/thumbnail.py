"""One small picture of a moment: the key frame that its group begins with."""

import io

import av
from PIL import Image

from recorder.errors import RecorderError
from recorder.playback.pieces import Group, Known

QUALITY = 75


def thumbnail(known: Known, group: Group, width: int) -> bytes:
    """A JPEG ``width`` pixels wide.

    Raises:
        RecorderError: no picture can be decoded.
    """
    data = known.read(0, known.head) + known.read(group.first, group.end)
    try:
        with av.open(io.BytesIO(data), mode="r", format="mov") as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            stream.codec_context.skip_frame = "NONKEY"
            frame = next(container.decode(stream))
        height = max(2, round(width * frame.height / frame.width / 2) * 2)
        picture = frame.to_ndarray(format="rgb24", width=width, height=height)
    except (av.error.FFmpegError, StopIteration, IndexError) as error:
        raise RecorderError(
            f"{known.segment.path}: no picture can be decoded at octet {group.first}"
        ) from error
    out = io.BytesIO()
    Image.fromarray(picture).save(out, format="JPEG", quality=QUALITY)
    return out.getvalue()
