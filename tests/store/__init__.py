"""Tests of the room `store`, one module per module of it, on real SQLite files."""
