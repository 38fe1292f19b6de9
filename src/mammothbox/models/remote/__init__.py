"""The contracts, fulfilled by services of somebody else behind a base URL.

Place in the flow: `lease` hands these out where a setting names a service. Works with our own
services (`mammothbox.services`) and with any other that speaks the same shapes.
"""

from mammothbox.models.remote.endpoint import Endpoint
from mammothbox.models.remote.services import Services

__all__ = ["Endpoint", "Services"]
