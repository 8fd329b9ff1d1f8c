"""Painters: they turn sizes, poses and seeds into pictures and know nothing of stories.

Each painter returns a :class:`sim.draw.sprite.Sprite` (a thing to be put into the picture) or
draws into a background once; :class:`sim.draw.view.View` says where and how large.
"""
