"""Content and models in, results out: what every file is, says and shows.

Works stage by stage over a batch (`pipeline`), one file a step (`steps/`). It knows nothing of
interfaces, and reaches models only through their contracts.
"""
