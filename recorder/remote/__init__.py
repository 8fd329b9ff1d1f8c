"""Sealed evidence on storage elsewhere: sent there in the background, read when it is needed.

``base`` says what a storage can do, ``s3`` does it; ``uploads`` sends, ``cache`` gives up local
copies, ``library`` reads and fetches, ``survey`` compares what lies where.
"""
