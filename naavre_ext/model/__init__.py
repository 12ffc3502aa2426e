"""The nouns of naavre-ext: frozen values, standard library only."""
