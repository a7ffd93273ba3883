"""Students and teachers: the embedded pair (Clerk, Supervisor) and simple baselines."""
