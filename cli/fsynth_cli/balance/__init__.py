"""``fsynth balance``: exposure and white balance of photos, from the faces in them."""

from fsynth_cli.balance.command import balance

__all__ = ["balance"]
