"""How fast the product is, and how much memory it takes, on inputs the bench makes itself.

One file a question; ``python -m bench.speed`` asks them all. Ratios are taken against a bare tool
in the same run, so that they mean the same on a slower machine.
"""
