"""The duty desk with its documents.

The desk itself is ``alerts/duty``; setting in Chinese type is the recorder's trade. They meet
here: :class:`wardwatch.duty.desk.DutyDesk` is what the console is given.
"""
