"""Sightings to incidents: merge, triage by catalogue, life cycle, dispatch."""
