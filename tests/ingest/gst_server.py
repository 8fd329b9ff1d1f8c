"""An RTSP camera made of GStreamer parts, run as a child process by the system's Python.

Usage: python3 gst_server.py PORT '{"/cam": {"fps": 15, "gop": 15, "size": [320, 240]}}' [user pw]

Mount options: fps, gop (key-int-max), kbps, size, pattern,
codec (h264, h265, mjpeg), audio (alaw, ulaw, aac), auth (basic or digest).
Prints ``ready`` when it listens.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402 (versions come first)


def launch(options):
    fps, gop = options.get("fps", 15), options.get("gop", 15)
    width, height = options.get("size", [320, 240])
    codec = {
        "h264": f"x264enc tune=zerolatency speed-preset=ultrafast key-int-max={gop} "
        f"bitrate={options.get('kbps', 500)} ! rtph264pay name=pay0 pt=96 config-interval=-1",
        "h265": f"x265enc tune=zerolatency speed-preset=ultrafast key-int-max={gop} ! "
        "rtph265pay name=pay0 pt=96 config-interval=-1",
        "mjpeg": "jpegenc ! rtpjpegpay name=pay0 pt=26",
    }[options.get("codec", "h264")]
    sound = {
        "alaw": "rate=8000,channels=1 ! alawenc ! rtppcmapay name=pay1 pt=8",
        "ulaw": "rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay1 pt=0",
        "aac": "rate=16000,channels=1 ! audioconvert ! avenc_aac ! aacparse ! "
        "rtpmp4gpay name=pay1 pt=97",
    }
    picture = (
        f"videotestsrc is-live=true pattern={options.get('pattern', 'ball')} ! "
        f"video/x-raw,format=I420,width={width},height={height},framerate={fps}/1 ! {codec}"
    )
    parts = [picture]
    audio = options.get("audio")
    if audio:
        kind = sound["alaw" if audio is True else audio]
        parts.append(f"audiotestsrc is-live=true ! audioconvert ! audio/x-raw,{kind}")
    return "( " + " ".join(parts) + " )"


def main():
    port, mounts, *credentials = sys.argv[1:]
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    table = json.loads(mounts)
    if credentials:
        user, password = credentials
        auth = GstRtspServer.RTSPAuth()
        kind = next(iter(table.values())).get("auth", "digest")
        token = GstRtspServer.RTSPToken.new()
        token.set_string("media.factory.role", "viewer")
        if kind == "digest":
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(user, password, token)
        else:
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
        server.set_auth(auth)
    for path, options in table.items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(launch(options))
        factory.set_shared(True)
        if credentials:
            permissions = GstRtspServer.RTSPPermissions()
            permissions.add_permission_for_role("viewer", "media.factory.access", True)
            permissions.add_permission_for_role("viewer", "media.factory.construct", True)
            factory.set_permissions(permissions)
        server.get_mount_points().add_factory(path, factory)
    if not server.attach(None):
        sys.exit("cannot listen")
    GLib.timeout_add_seconds(2, lambda: server.get_session_pool().cleanup() or True)
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
