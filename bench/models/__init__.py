"""The models of the `full` profile at full size, with random weights: memory and speed.

No hub could be reached where this was built, and neither memory nor speed depend on what weights
say; quality does, and is not measured here. Each part is a module with ``measure(settings,
scratch)``; ``python -m bench.models`` runs them.
"""
