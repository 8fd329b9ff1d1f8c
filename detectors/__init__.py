"""Frames to sightings: motion gate, regions, batched inference, tracking, behaviours."""
