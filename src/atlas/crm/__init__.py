"""The world: a CRM that behaves like a production org."""
