"""Gradients that other people wrote, as their packages install them."""
