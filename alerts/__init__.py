"""Sightings to incidents: merge, triage by catalogue, life cycle, dispatch.

:class:`alerts.desk.Desk` is the face and the single owner of incidents: it hears sightings,
receipts, evidence, officers and people, and says what is to be spoken, sealed and answered.
:mod:`alerts.lifecycle` is the state machine, :mod:`alerts.catalogue` the law of the day.
"""
