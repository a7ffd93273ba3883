"""The one home of the database driver: an embedded server, connections, named SQL, migrations."""
