"""The page: plain HTML, CSS and ES modules, served as they lie in `static`. No build step.

It knows only the API below /api/v1. All its words stand in `static/js/words.js`.
"""
