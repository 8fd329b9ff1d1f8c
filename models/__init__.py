"""Model registry, fetching, conversion, evaluation."""
