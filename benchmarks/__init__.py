"""How fast Gatehouse is beside others, on one machine in one run: `make bench`."""
