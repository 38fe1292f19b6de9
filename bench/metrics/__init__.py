"""Measures, each a pure function of values: nothing here reads files or loads models."""
