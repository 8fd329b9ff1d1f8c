"""The virtual camera's ONVIF services: device, media, PTZ, imaging and events over HTTP.

Face: :class:`sim.camera.onvif.server.OnvifServer`, made by ``VirtualTownship(onvif_port=0)``, and
:class:`sim.camera.onvif.options.OnvifOptions`, by which it is told to misbehave.
"""
