"""The stages as work that many machines share: a queue in Redis, workers, and who follows them.

What is left to do stands in the store alone; Redis only carries it and may lose everything. So a
message may come twice or never, a worker may die at any moment, and the next round makes it good.
Imported only where ``REDIS_URL`` is set; Dramatiq comes with ``mammothbox[workers]``.
"""
