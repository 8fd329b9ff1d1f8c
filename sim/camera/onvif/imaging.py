"""Imaging service: infrared-cut filter and focus are remembered; the picture stays as it is."""

from sim.camera.onvif.body import SOURCE, Body
from sim.camera.onvif.soap import Ask, SoapFault, nest, tag


def answer(body: Body, ask: Ask) -> str:
    """The body of the answer.

    Raises:
        SoapFault: the operation is not known, or its arguments are wrong.
    """
    if ask.word("VideoSourceToken") != SOURCE:
        raise SoapFault("no such video source", "ter:InvalidArgVal", "ter:NoSource")
    state, inside = body.imaging, ""
    match ask.operation:
        case "GetImagingSettings":
            focus = nest("tt:Focus", tag("tt:AutoFocusMode", state.autofocus))
            settings = focus + tag("tt:IrCutFilter", state.ir_cut)
            inside = nest("timg:ImagingSettings", settings)
        case "SetImagingSettings":
            ir_cut = ask.word("ImagingSettings", "IrCutFilter") or state.ir_cut
            focus = ask.word("ImagingSettings", "Focus", "AutoFocusMode") or state.autofocus
            if ir_cut not in ("ON", "OFF", "AUTO") or focus not in ("AUTO", "MANUAL"):
                raise SoapFault("no such setting", "ter:InvalidArgVal", "ter:SettingsInvalid")
            state.ir_cut, state.autofocus = ir_cut, focus
        case "Move":
            try:
                state.focus_speed = float(ask.word("Focus", "Continuous", "Speed"))
            except ValueError:
                raise SoapFault("only continuous focus", "ter:InvalidArgVal") from None
        case "Stop":
            state.focus_speed = 0.0
        case _:
            raise SoapFault("no such operation", "ter:ActionNotSupported", sender=False)
    return nest(f"timg:{ask.operation}Response", inside)
