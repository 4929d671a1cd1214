"""The daily check of the ledger, whose outcome is kept for whoever watches over it."""

import logging

from budgets.selectors.anchors import check_anchors
from budgets.selectors.check import check_ledger
from core.models import Sign
from core.services.signs import leave_sign

logger = logging.getLogger(__name__)


def check_and_say() -> bool:
    """Check the whole ledger and its anchors, keep the outcome as a sign, and return whether all agrees."""
    found, anchored = check_ledger(), check_anchors()
    wrong = found.drift + found.breaks + anchored.breaks
    if wrong:
        logger.error("The ledger does not agree with itself in %s places; the first: %s", len(wrong), "; ".join(wrong[:5]))
    head = f"{found.entries:,} entries in {found.accounts:,} accounts, {anchored.anchors:,} anchors"
    said = f"{head}; {len(wrong)} places do not agree, such as {'; '.join(wrong[:3])}" if wrong else f"{head}; all agree"
    leave_sign(name=Sign.LEDGER_CHECK, is_well=not wrong, said=said)
    return not wrong
