"""envproxy: the program that runs in a provider's cluster. It knows no Django and starts light."""
