"""One model as a service for other programs, in the shapes of the OpenAI API.

Place in the flow: `mammothbox serve NAME` ends in `serve_model`. A service leases its contract from
`models` as the library does, so the model lives in a child that ends when idle, is restarted when
it dies, and counts against the same budget. Pictures and sound are decoded in the limited children
of `decode`. Knows nothing of libraries, stores or profiles.
"""

from mammothbox.services.serving import serve_model

__all__ = ["serve_model"]
