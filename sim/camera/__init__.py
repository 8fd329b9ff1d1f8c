"""The virtual camera: a real RTSP server whose pictures are drawn by a :class:`sim.base.Scene`.

Face: :class:`VirtualTownship` serves several scenes on one port, :func:`serve` blocks with one.
H.264 over TCP and UDP, digest auth, and the ONVIF backchannel that lets the actors hear.
"""

from sim.camera.process import serve
from sim.camera.township import VirtualTownship
from sim.camera.truth import Happening, Truth

__all__ = ["Happening", "Truth", "VirtualTownship", "serve"]
