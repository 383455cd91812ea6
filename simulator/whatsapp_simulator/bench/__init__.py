"""How fast this simulator is: `whatsapp-simulator bench`."""
