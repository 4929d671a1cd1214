"""Looking: what gathers facts and hands them to be judged. Each look says which parts it answers for."""
