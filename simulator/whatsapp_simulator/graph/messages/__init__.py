"""`POST /{phone_number_id}/messages` and `/marketing_messages`: one module per family of kinds.

`post` keeps Meta's order of checks, `envelope` reads what all kinds share, `receipts` marks as read; the others read
the object of their kind and say what the person will see.
"""

from whatsapp_simulator.graph.messages.post import post_message

__all__ = ["post_message"]
