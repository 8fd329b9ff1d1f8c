"""Judging sealed evidence with nothing but the standard library and ``cryptography``.

``judge`` gives a ``Report`` on a folder or a ZIP file. Modules here import only each other, so
that ``recorder.seal.standalone`` can join them to one ``verify.py`` that travels with a case file.
"""
