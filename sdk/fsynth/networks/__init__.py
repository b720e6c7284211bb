"""The third-party networks that ship with fsynth, opened in ONNX Runtime."""

from fsynth.networks.sessions import execution_providers, network_cards, open_session, read_network, session

__all__ = ["execution_providers", "network_cards", "open_session", "read_network", "session"]
