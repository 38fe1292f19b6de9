"""Measurements of MammothBox: quality, speed, arrangement, and the acceptance run.

Everything here goes through the product's public path (`Library`, `Models`, `Decoder`) and is never
imported by it. Each bench prints one JSON object with ``--json``, else tables for people.

    python -m bench.quality --media DIR --split val --json
    python -m bench.speed --json
    python -m bench.organise --media DIR --json
    python -m bench.accept --media DIR
"""
