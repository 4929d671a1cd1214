"""The parts of R10: what the app's login tries, what a superuser changes, and a ledger to do it to."""
