"""A model host: one process, one engine, HTTP in the shapes other servers use.

Run by the library as a child on a Unix socket, or by hand:
``python -m mammothbox.models.host whisper --cache DIR --port 8002``.
"""
