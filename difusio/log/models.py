"""What the table adapter of the log stores."""
