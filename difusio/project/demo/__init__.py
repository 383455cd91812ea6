"""The demo's shop, its made-up people and what they agreed to."""
