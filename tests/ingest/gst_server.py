"""An RTSP camera made of GStreamer parts, run as a child process by the system's Python.

Usage: python3 gst_server.py PORT '{"/cam": {"fps": 15, "gop": 15, "size": [320, 240]}}' [user pw]

Mount options: those of ``gst_launch.py``, and auth (basic or digest).
Prints ``ready`` when it listens.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402 (versions come first)
from gst_launch import launch  # noqa: E402 (it lies beside this script)


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
