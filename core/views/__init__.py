"""The pages of core: signing in and out, notices, jobs, appearance, errors."""
