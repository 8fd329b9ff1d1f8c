"""Decoding on the graphics card, where the configuration asks for it and the card is there."""

from functools import lru_cache
from typing import Literal, cast

import av
import structlog
from av.codec.hwaccel import HWAccel, hwdevices_available
from av.video.codeccontext import VideoCodecContext

DecoderChoice = Literal["auto", "software", "vaapi", "cuda"]

_TRIED_BY_AUTO = ("cuda", "vaapi")

log = structlog.get_logger()


def decoder_like(context: VideoCodecContext, choice: DecoderChoice) -> VideoCodecContext:
    """A decoder for what ``context`` describes: on the card if that works, else itself.

    Pictures decoded on a card come back to main memory as NV12, whose first plane is brightness
    like that of the software decoder. A card that opens but cannot do the stream's profile lets
    FFmpeg decode it in software.
    """
    device = device_for(context.name, choice)
    if device is None:
        return context
    made = _opened(context.name, device)
    made.extradata = context.extradata
    return made


@lru_cache
def device_for(codec: str, choice: DecoderChoice) -> str | None:
    """The card to decode ``codec`` on, None for software; says once why it is not the wish."""
    if choice == "software":
        return None
    reasons = []
    for device in _TRIED_BY_AUTO if choice == "auto" else (choice,):
        reason = _why_not(codec, device)
        if reason is None:
            log.info("decoding on the graphics card", codec=codec, device=device)
            return device
        reasons.append(f"{device}: {reason}")
    if choice == "auto":
        log.info("decoding in software", codec=codec, reason="; ".join(reasons))
    else:
        log.warning(
            "decoding in software although analysis.decoder asks for the graphics card; "
            "check its driver and that this process may use it, or set it to software",
            codec=codec,
            reason="; ".join(reasons),
        )
    return None


def _why_not(codec: str, device: str) -> str | None:
    """Why the device cannot be used, None if it can."""
    if device not in hwdevices_available():
        return "not in this build of FFmpeg"
    try:
        made = _opened(codec, device)
    except (av.error.FFmpegError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        return str(getattr(error, "strerror", None) or error)
    return None if made.is_hwaccel else f"cannot decode {codec}"


def _opened(codec: str, device: str) -> VideoCodecContext:
    accelerator = HWAccel(device, allow_software_fallback=True)
    return cast("VideoCodecContext", av.CodecContext.create(codec, "r", hwaccel=accelerator))
