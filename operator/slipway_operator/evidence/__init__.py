"""Sources of evidence about a canary. One module for each; all give ``Readings``."""
