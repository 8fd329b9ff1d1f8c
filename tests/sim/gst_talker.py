"""Peer for the backchannel's test, run by the system's Python: GStreamer speaks through rtspsrc.

python3 gst_talker.py URL USER PASSWORD HZ SECONDS
"""

import ctypes
import sys

import gi


def main(url: str, user: str, password: str, hz: str, seconds: str) -> None:
    gi.require_version("Gst", "1.0")
    from gi.repository import GLib, Gst

    Gst.init(None)
    loop = GLib.MainLoop()
    source = Gst.parse_launch(
        f"rtspsrc name=camera location={url} user-id={user} user-pw={password} protocols=tcp"
        " backchannel=onvif ! fakesink async=false"
    )
    voice = Gst.parse_launch(
        f"audiotestsrc is-live=true freq={hz} volume=0.5 num-buffers={round(float(seconds) * 50)}"
        " samplesperbuffer=160 ! audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay"
        " ! appsink name=out"
    )
    camera, out = source.get_by_name("camera"), voice.get_by_name("out")
    keep = ctypes.CDLL("libgstreamer-1.0.so.0").gst_mini_object_ref
    keep.restype = ctypes.c_void_p
    tracks = []

    def select(_camera, number, caps):
        if caps.get_structure(0).has_field("a-sendonly"):
            tracks.append(number)
        return True

    def push():
        """Every few milliseconds on the main loop: what the live source has made by now."""
        sample = out.emit("try-pull-sample", 0)
        if sample is not None:
            keep(ctypes.c_void_p(hash(sample)))  # 1.22 gives back a reference that is Python's
            camera.emit("push-backchannel-sample", tracks[0], sample)
        elif out.get_property("eos"):
            GLib.timeout_add(300, loop.quit)
            return False
        return True

    def playing(_camera, _pad):
        voice.set_state(Gst.State.PLAYING)
        GLib.timeout_add(5, push)

    camera.connect("select-stream", select)
    camera.connect("pad-added", playing)
    source.set_state(Gst.State.PLAYING)
    GLib.timeout_add_seconds(20, loop.quit)
    loop.run()
    voice.set_state(Gst.State.NULL)
    source.set_state(Gst.State.NULL)


main(*sys.argv[1:])
