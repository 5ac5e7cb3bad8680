"""Gating: finders look for gates, shapes mark events, the engine joins them to populations."""
