"""Self-hosted WhatsApp broadcasts on Meta's official Business Platform."""

__version__ = "0.1.0"
