"""Cameras come, change and go while the command centre runs.

``reload.py`` reads what people edit and publishes it, ``follow.py`` takes it over in each process,
``crew.py`` says whose work begins, ends or is done anew, and leaves the others alone.
"""
