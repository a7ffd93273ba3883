"""The public test kit: worlds to test against, and checks that a store keeps its contract."""
