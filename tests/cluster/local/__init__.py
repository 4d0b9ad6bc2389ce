"""The local cluster: one module for each component. Standard library only, Python 3.11 or newer."""
