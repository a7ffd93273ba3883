"""Public conversations in our world: replayed call by call, and worked through by agents."""
