"""The project's promises, measured: each line with what is required and what came out.

python -m bench.accept --media DIR [--only quality,speed,bad,whole,network,kill,organise]
"""
