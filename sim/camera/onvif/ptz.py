"""PTZ service over a simulated head; the picture itself does not move."""

import math
import re
from xml.etree.ElementTree import Element

from core.clock import NS_PER_S, iso
from sim.camera.onvif.body import Body
from sim.camera.onvif.head import Aim
from sim.camera.onvif.soap import Ask, SoapFault, down, nest, tag

_TIMEOUT_S = 10.0
_SECONDS = re.compile(r"PT(\d{1,5}(?:\.\d{1,9})?)S")


def answer(body: Body, ask: Ask) -> str:
    """The body of the answer.

    Raises:
        SoapFault: the operation is not known, or its arguments are wrong.
    """
    if ask.operation != "GetNodes" and ask.word("ProfileToken") not in body.sizes():
        raise SoapFault("no such profile", "ter:InvalidArgVal", "ter:NoProfile")
    head, inside = body.head, ""
    match ask.operation:
        case "ContinuousMove":
            speed = _vector(down(ask.body, "Velocity"), (0.0, 0.0, 0.0), -1.0)
            timeout = _SECONDS.fullmatch(ask.word("Timeout"))
            head.move(speed, float(timeout[1]) if timeout else _TIMEOUT_S)
        case "AbsoluteMove":
            head.move_to(_vector(down(ask.body, "Position"), head.aim(), 0.0))
        case "Stop":
            head.stop()
        case "GetStatus":
            inside = _status(body)
        case "GetPresets":
            inside = "".join(
                nest(
                    "tptz:Preset",
                    tag("tt:Name", name) + nest("tt:PTZPosition", _aim(aim)),
                    token=token,
                )
                for token, (name, aim) in head.presets.items()
            )
        case "GotoPreset":
            preset = head.presets.get(ask.word("PresetToken"))
            if preset is None:
                raise SoapFault("no such preset", "ter:InvalidArgVal", "ter:NoToken")
            head.move_to(preset[1])
        case "GotoHomePosition":
            head.move_to(head.home)
        case _:
            raise SoapFault("no such operation", "ter:ActionNotSupported", sender=False)
    return nest(f"tptz:{ask.operation}Response", inside)


def _vector(given: Element | None, missing: Aim, zoom_low: float) -> Aim:
    turn = None if given is None else down(given, "PanTilt")
    zoom = None if given is None else down(given, "Zoom")
    if turn is None and zoom is None:
        raise SoapFault("no movement", "ter:InvalidArgVal")
    pan, tilt, far = missing
    if turn is not None:
        pan, tilt = _axis(turn, "x", -1.0), _axis(turn, "y", -1.0)
    if zoom is not None:
        far = _axis(zoom, "x", zoom_low)
    return pan, tilt, far


def _axis(element: Element, name: str, low: float) -> float:
    try:
        value = float(element.get(name, ""))
    except ValueError:
        value = math.nan
    if not low <= value <= 1:
        raise SoapFault("out of range", "ter:InvalidArgVal", "ter:InvalidPosition")
    return value


def _aim(aim: Aim) -> str:
    pan, tilt, zoom = (f"{axis:.6f}" for axis in aim)
    return tag("tt:PanTilt", x=pan, y=tilt) + tag("tt:Zoom", x=zoom)


def _status(body: Body) -> str:
    state = "MOVING" if body.head.moving else "IDLE"
    return nest(
        "tptz:PTZStatus",
        nest("tt:Position", _aim(body.head.aim()))
        + nest("tt:MoveStatus", tag("tt:PanTilt", state) + tag("tt:Zoom", state))
        + tag("tt:UtcTime", iso(body.now_ns() // NS_PER_S * NS_PER_S)),
    )
