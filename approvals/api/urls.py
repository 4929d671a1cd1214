"""The addresses of approvals for programs."""

from approvals.api.delegations import Delegations
from approvals.api.policies import Policies, PolicyVersions
from approvals.api.queue import Questions, Queue
from approvals.api.requests import Attachments, BudgetRequests, Requests
from core.api.routing import Router

router = Router()
router.add("requests", Requests)
router.add(r"requests/(?P<number>[^/]+)/attachments", Attachments, name="attachments")
router.add(r"requests/(?P<number>[^/]+)/questions", Questions, name="questions")
router.add(r"budgets/(?P<code>[^/]+)/approvals", BudgetRequests, name="budget-approvals")
router.add("queue", Queue)
router.add("delegations", Delegations)
router.add("policies", Policies)
router.add("policy-versions", PolicyVersions)

# The requests of a budget at the address without a version.
plain = Router()
plain.add(r"budgets/(?P<code>[^/]+)/approvals", BudgetRequests, name="budget-approvals")
