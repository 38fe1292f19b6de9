"""PostgreSQL with pgvector: one library for many machines, chosen by ``DATABASE_URL``.

Imported only where such an address is set; its driver comes with ``mammothbox[postgres]``.
"""
