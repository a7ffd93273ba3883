"""What an episode was worth, judged by what happened to the database and what the user was told."""
