"""The catalogue of known mistakes; each plants itself and is recognised by its plant."""
