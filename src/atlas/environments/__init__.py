"""Doors to the world for agents and tools that are not ours: Gymnasium and the Model Context Protocol."""
