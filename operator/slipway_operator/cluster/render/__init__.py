"""Objects as the operator writes them. Pure: from the ModelDeployment and what was read, to JSON."""
