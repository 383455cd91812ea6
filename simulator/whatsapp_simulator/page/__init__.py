"""The simulator's page: phones that one can look into, and the calls and webhooks beside them."""
