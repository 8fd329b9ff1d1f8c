"""Run by the system's Python: GStreamer's ONVIF server with a backchannel that writes a WAV.

    /usr/bin/python3 gst_backchannel.py OUT.wav [tcp|udp]

Prints the address when it listens; ends when its input closes.
"""

import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402 (after require_version)

Gst.init(None)
out, lower = sys.argv[1], sys.argv[2]

server = GstRtspServer.RTSPOnvifServer()
server.set_address("127.0.0.1")
server.set_service("0")
factory = GstRtspServer.RTSPOnvifMediaFactory()
# The camera's own microphone comes first in the description, as a trap: it is not to be sent on.
factory.set_launch(
    "( audiotestsrc is-live=true wave=silence ! audio/x-raw,rate=8000,channels=1 "
    "! alawenc ! rtppcmapay name=pay0 pt=8 )"
)
# The capsfilter must carry the name: the description is made from its caps.
factory.set_backchannel_launch(
    "( capsfilter name=depay_backchannel "
    'caps="application/x-rtp, media=(string)audio, payload=(int)0, clock-rate=(int)8000, '
    'encoding-name=(string)PCMU" '
    "! rtppcmudepay ! mulawdec ! audio/x-raw,rate=8000,channels=1 ! wavenc "
    f"! filesink location={out} buffer-mode=unbuffered async=false sync=false )"
)
factory.set_media_gtype(GstRtspServer.RTSPOnvifMedia.__gtype__)
factory.set_shared(False)
factory.set_protocols(GstRtsp.RTSPLowerTrans.TCP if lower == "tcp" else GstRtsp.RTSPLowerTrans.UDP)
server.get_mount_points().add_factory("/talk", factory)
server.attach(None)
print(f"rtsp://127.0.0.1:{server.get_bound_port()}/talk", flush=True)

loop = GLib.MainLoop()


def until_input_closes() -> None:
    sys.stdin.read()
    loop.quit()


threading.Thread(target=until_input_closes, daemon=True).start()
loop.run()
