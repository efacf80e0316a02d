"""Series to changes: one method a file."""
