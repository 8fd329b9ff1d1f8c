"""Frames to sightings: motion gate, regions, batched inference, tracking, behaviours.

The face of the room is :class:`detectors.pipeline.CameraPipeline`, one per camera, fed by one
:class:`detectors.engine.Engine` (or a :class:`detectors.service.BatchedEngine` that several
cameras share). One model family, one file in ``families``; one runtime, one file in ``backends``.
"""
