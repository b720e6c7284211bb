"""The third-party networks that ship with fsynth, opened in ONNX Runtime."""

from fsynth.networks.files import network_cards, read_network
from fsynth.networks.sessions import execution_providers, limit_threads, open_session, session

__all__ = ["execution_providers", "limit_threads", "network_cards", "open_session", "read_network", "session"]
