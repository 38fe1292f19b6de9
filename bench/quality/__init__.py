"""How good the product's statements are, measured against truths on real media.

One file a part; each has ``measure(context)`` and gives a JSON object, or None when the media
directory has nothing for it. Run ``python -m bench.quality --help``.
"""
