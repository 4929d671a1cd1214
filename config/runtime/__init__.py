"""What brings Purser up: PostgreSQL, roles, schedules, and the supervisor over the processes."""
