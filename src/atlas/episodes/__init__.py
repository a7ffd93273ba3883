"""Episodes: what an agent sees and does, who plays which part, and the loop that runs one."""
