"""Meta's WhatsApp Cloud API, played on this machine."""

__version__ = "0.1.0"
