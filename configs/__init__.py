"""A complete demo township, the violation catalogue and the warning texts, as YAML."""
