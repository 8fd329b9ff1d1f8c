"""ONVIF: what a camera says about itself and what it can be told to do, without a WSDL in sight.

Face: :class:`ingest.onvif.camera.OnvifCamera` talks to one camera,
:func:`ingest.onvif.discovery.discover` finds those on the local network.
"""
