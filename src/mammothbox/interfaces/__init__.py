"""How people and other programs reach the library: the command line, an HTTP API and a page.

An interface sees only `mammothbox.library` and its neighbours at that level, the settings, the
errors, the events and the records. It decides nothing: it asks, and shows the answer.
"""
