"""The Graph side: what Meta answers under `/v26.0/…`."""
