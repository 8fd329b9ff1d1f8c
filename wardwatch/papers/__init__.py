"""Papers (文书) about incidents and figures, set as PDF with Typst.

Only facts: what was seen, said and done, where and when, and the text of the catalogue. No paper
speaks of a penalty. The face is :class:`wardwatch.papers.office.PaperOffice`.
"""
