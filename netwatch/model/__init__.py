"""The words that cross from one stage to the next."""
