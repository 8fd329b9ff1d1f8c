"""Model families, one decoder a file; :func:`registry.family_of` finds the one of a card."""
