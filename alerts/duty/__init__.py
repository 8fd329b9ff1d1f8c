"""The duty desk (值班台): shifts, sign-on, the log, handover, patrols, and whether one is awake.

:class:`alerts.duty.desk.Desk` is the face (``core.duty.DutyDesk``). What happens is written into
the audit log once, by whoever does it; the duty log is read from there, never kept beside it.
"""
