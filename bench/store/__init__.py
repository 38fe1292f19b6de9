"""The store's engines under load: nearest vectors, words, both fused, inserts, memory.

    python -m bench.store --size 100000 --documents 100000

Vectors are real ones of the joint space (of made-up sentences) with noise, never uniform ones. Each
figure stands beside the bare engine's in the same run: pgvector asked by hand, numpy's product,
plain SQL. The PostgreSQL is a fresh one of this machine.
"""
