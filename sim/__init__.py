"""The township simulator: drawn scenes with ground truth, served by virtual cameras.

A :class:`sim.base.Scene` draws pictures and knows what is in them; a virtual camera serves a
scene as a real one would, over RTSP with an ONVIF audio backchannel, and lets the actors hear.
Everything that tests and demos watch is drawn here, so the repository needs no footage.
"""
