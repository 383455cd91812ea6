"""The commands, a module a noun; each is a short face of an act or an engine."""
