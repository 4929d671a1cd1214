"""The addresses of approvals for programs."""

from approvals.api.advances import Advances
from approvals.api.amendments import Amendments
from approvals.api.changes import Moves
from approvals.api.comments import Comments
from approvals.api.committees import Committees
from approvals.api.contracts import Contracts
from approvals.api.delegations import Delegations
from approvals.api.emergencies import Debts, Emergencies
from approvals.api.emergency_terms import Terms
from approvals.api.meetings import Meetings
from approvals.api.overrides import Overrides
from approvals.api.overruns import Overruns
from approvals.api.owners import Groups, Managers
from approvals.api.policies import Policies, PolicyVersions
from approvals.api.queue import Questions, Queue
from approvals.api.receipts import Receipts
from approvals.api.requests import Attachments, BudgetRequests, Requests
from approvals.api.reserves import ReserveDraws, Reserves
from approvals.api.saved_views import SavedViews
from core.api.routing import Router

router = Router()
router.add("requests", Requests)
router.add(r"requests/(?P<number>[^/]+)/attachments", Attachments, name="attachments")
router.add(r"requests/(?P<number>[^/]+)/comments", Comments, name="comments")
router.add(r"requests/(?P<number>[^/]+)/overrides", Overrides, name="overrides")
router.add(r"requests/(?P<number>[^/]+)/questions", Questions, name="questions")
router.add(r"requests/(?P<number>[^/]+)/receipts", Receipts, name="receipts")
router.add(r"budgets/(?P<code>[^/]+)/approvals", BudgetRequests, name="budget-approvals")
router.add("queue", Queue)
router.add("contracts", Contracts)
router.add("delegations", Delegations)
router.add("emergencies", Emergencies)
router.add("emergency-terms", Terms)
router.add("debts", Debts)
router.add("amendments", Amendments)
router.add("moves", Moves)
router.add("advances", Advances)
router.add("overruns", Overruns)
router.add("reserves", Reserves)
router.add("reserve-draws", ReserveDraws)
router.add("groups", Groups)
router.add("managers", Managers)
router.add("committees", Committees)
router.add("meetings", Meetings)
router.add("saved-views", SavedViews)
router.add("policies", Policies)
router.add("policy-versions", PolicyVersions)

# The requests of a budget at the address without a version.
plain = Router()
plain.add(r"budgets/(?P<code>[^/]+)/approvals", BudgetRequests, name="budget-approvals")
