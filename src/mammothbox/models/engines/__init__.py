"""Inference engines: plain compute, one module a model; no processes, no HTTP."""
