"""Arrays to arrays: the Numba loops over every packet and flow."""
