"""MammothBox: a folder of photos, video, sound and documents, described, searchable, arranged.

Everything runs on the user's own machine. The door for programs is `mammothbox.library.Library`;
the door for people is the `mammothbox` command.
"""

__version__ = "0.1.0"
