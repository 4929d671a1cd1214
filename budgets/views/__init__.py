"""The pages of budgets."""
