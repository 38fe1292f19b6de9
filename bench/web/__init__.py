"""How quick the page is with a large library, measured in the browser that shows it.

    filling → a library of 50,000 made-up photos → the real server → watching, in a real Chromium

Run as ``python -m bench.web``; see `__main__`.
"""
