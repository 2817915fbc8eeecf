"""The cluster: reading it into observations, and carrying out actions. Nothing here decides."""
