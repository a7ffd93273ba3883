"""Learning memory: playbooks, the induction that makes them, recall, evidence and lifecycle."""
