"""Scenarios of approvals: what is asked, what is decided, and the clocks."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from approvals.models import Request, Stage
from approvals.selectors.links import secret_of
from approvals.services import (
    absences,
    advances,
    amendments,
    attachments,
    automatic,
    bulk,
    carrying,
    comments,
    decisions,
    delegations,
    emergencies,
    hands,
    history,
    links,
    meetings,
    overrides,
    owners,
    particulars,
    pauses,
    policies,
    policy_changes,
    questions,
    receipts,
    requests,
    rounds,
    spend,
    standing,
    timers,
    turns,
    undoing,
    virements,
)
from budgets.services import advances as month_advances
from budgets.services import amended_rows, transfers
from budgets.services import amendments as drafts
from budgets.services import budgets as plans
from core.services import files
from core.services.notices import notify
from tests.factories.approvals import asked, draft
from tests.trust.scenarios.ground import MONDAY, Ground
from tests.trust.scenarios.registry import only_reads, scenario, steps_of

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
# A timer that fails is tried again later.

only_reads(
    bulk.refuse_unfit,
    delegations.said,
    history.read_history,
    policies.read_policy,
    policies.document_text,
    rounds.next_group,
    rounds.open_stages,
    spend.key_of,
    standing.place_to_leave,
    standing.refuse_unless_asked,
    undoing.stands,
    # It writes a file, of one snapshot.
    receipts.write_dump,
    pauses.ended_pauses,
    links.gone,
    emergencies.moment,
    owners.refuse_unless_administered,
    owners.holds_role,
    requests.judge_again,
    automatic.refuse_unless_open,
    requests.refuse_unless_open_to,
    links.way_of_notice,
    virements.predicted_move,
    advances.predicted_advance,
    plans.plan_of_document,
    overrides.refusal_of,
    policies.judge_draft,
    policy_changes.nothing,
    policy_changes.check_change,
    particulars.check_contract,
)
steps_of(meetings.tend_meetings, steps=[meetings.plan_next])
steps_of(decisions.send_back, steps=[receipts.keep_receipt])
steps_of(undoing.take_back, steps=[receipts.keep_taking_back])
steps_of(
    requests.submit_request,
    steps=[rounds.begin_round, carrying.let_stand, spend.reserve, timers.start_timers, absences.cover_request],
)
steps_of(decisions.approve_stage, steps=[rounds.assign_group, rounds.end_round, spend.commit, timers.cancel_timers])
steps_of(requests.submit_request, steps=[automatic.approve_by_policy])
steps_of(questions.ask_question, steps=[pauses.stop_clock])
steps_of(hands.hand_over, steps=[turns.turn_clocks])
steps_of(questions.answer_question, steps=[pauses.let_go_on, attachments.keep_file])
steps_of(decisions.reject_stage, steps=[questions.end_questions, pauses.end_pause])
steps_of(undoing.take_back, steps=[rounds.reopen_round, timers.run_again, spend.take_back_commitment, spend.hold_again])
steps_of(requests.withdraw_request, steps=[spend.release])
steps_of(
    amendments.amend_budget,
    steps=[
        amendments.begin,
        amendments.carry_out,
        amendments.take_back,
        amendments.put_away,
        drafts.draft_version,
        drafts.draft_from_document,
        amended_rows.check_rows,
        amended_rows.write_lines,
        amended_rows.write_envelopes,
        drafts.put_amendment_in_force,
        drafts.try_version,
        drafts.schedule_version,
        drafts.drop_version,
        drafts.redraft_version,
        drafts.take_version_back,
        plans.write_version,
    ],
)
steps_of(overrides.ask_override, steps=[overrides.check, overrides.forget, overrides.take_back, spend.try_reserve])
steps_of(advances.ask_advance, steps=[advances.hold, month_advances.try_advance])
steps_of(decisions.approve_stage, steps=[advances.carry_out])
steps_of(undoing.take_back, steps=[advances.take_back, spend.undo_journals])
steps_of(virements.move_budget, steps=[virements.hold, virements.carry_out, virements.take_back, transfers.try_transfer])
steps_of(requests.save_draft, steps=[requests.new_number, particulars.write_particulars])
steps_of(requests.copy_request, steps=[particulars.copy_particulars])
steps_of(requests.submit_request, steps=[particulars.check_trip])
steps_of(policies.publish_version, steps=[policies.publish_draft])
steps_of(decisions.approve_stage, steps=[policy_changes.publish])
steps_of(undoing.take_back, steps=[policy_changes.take_back, policies.unpublish])


@scenario(requests.save_draft, label="new")
def _save_draft(ground: Ground) -> dict[str, Any]:
    data = asked(ground.account, "300", vendor_name="Streamline")
    return {"actor": ground.requester, "entity": ground.entity, "data": data}


@scenario(requests.save_draft, label="changed")
def _change_draft(ground: Ground) -> dict[str, Any]:
    kept = draft(ground.requester, ground.account, "300")
    data = asked(ground.account, "310", title="More licences")
    return {"actor": ground.requester, "entity": ground.entity, "data": data, "request_id": kept.pk}


@scenario(requests.submit_request, small=True)
def _submit(ground: Ground) -> dict[str, Any]:
    return {"request_id": draft(ground.requester, ground.account, "300").pk, "actor": ground.requester}


@scenario(requests.submit_request, label="approved by the policy")
def _submit_small(ground: Ground) -> dict[str, Any]:
    return {"request_id": _small(ground, submit=False).pk, "actor": ground.requester}


def _small(ground: Ground, *, submit: bool = True) -> Request:
    """Return what the policy approves by itself."""
    kept = draft(ground.requester, ground.account, "300", tags={"level": "small"})
    return requests.submit_request(request_id=kept.pk, actor=ground.requester) if submit else kept


@scenario(automatic.look_back, label="in order")
def _look_back(ground: Ground) -> dict[str, Any]:
    return {"request_id": _small(ground).pk, "actor": ground.finance, "outcome": "in_order"}


@scenario(automatic.look_back, label="withdrawn")
def _withdraw_small(ground: Ground) -> dict[str, Any]:
    return _look_back(ground) | {"outcome": "withdrawn", "remark": "It is not ours."}


@scenario(requests.withdraw_request)
def _withdraw(ground: Ground) -> dict[str, Any]:
    return {"request_id": ground.submitted().pk, "actor": ground.requester}


@scenario(requests.copy_request)
def _copy(ground: Ground) -> dict[str, Any]:
    return {"request_id": ground.submitted().pk, "actor": ground.requester}


def _decision(ground: Ground, **more: Any) -> dict[str, Any]:
    request = ground.submitted()
    stage = ground.stage_of(request)
    return {"stage_id": stage.pk, "actor": stage.owner, "digest": request.digest, **more}


@scenario(decisions.approve_stage, label="first of two")
def _approve_first(ground: Ground) -> dict[str, Any]:
    return _decision(ground)


@scenario(decisions.approve_stage, label="last", small=True)
def _approve_last(ground: Ground) -> dict[str, Any]:
    first = _decision(ground, comment="Needed for the launch.")
    request = decisions.approve_stage(**first).request
    stage = ground.stage_of(request)
    return {"stage_id": stage.pk, "actor": stage.owner, "digest": request.digest}


@scenario(decisions.reject_stage)
def _reject(ground: Ground) -> dict[str, Any]:
    return _decision(ground, comment="Not this year.")


def _says_what_is_not_done(answers: list[bulk.Answered]) -> bool:
    return any(not answer.counted for answer in answers)


@scenario(bulk.answer_many, steps="each stage is decided in a transaction of its own", tells=_says_what_is_not_done)
def _answer_many(ground: Ground) -> dict[str, Any]:
    stages = [ground.stage_of(ground.submitted()) for _ in range(2)]
    picks = [bulk.Pick(stage.pk, stage.request.digest) for stage in stages]
    return {"picks": picks, "actor": stages[0].owner, "verdict": "reject", "comment": "Not this year."}


@scenario(decisions.send_back)
def _send_back(ground: Ground) -> dict[str, Any]:
    return _decision(ground, comment="Name the vendor.")


@scenario(undoing.take_back, label="an approval", small=True)
def _take_back_yes(ground: Ground) -> dict[str, Any]:
    decision = decisions.approve_stage(**_approve_last(ground))
    return {"decision_id": decision.pk, "actor": decision.person}


@scenario(undoing.take_back, label="an approval that opened a stage")
def _take_back_first(ground: Ground) -> dict[str, Any]:
    decision = decisions.approve_stage(**_decision(ground))
    return {"decision_id": decision.pk, "actor": decision.person}


@scenario(undoing.take_back, label="a no")
def _take_back_no(ground: Ground) -> dict[str, Any]:
    decision = decisions.reject_stage(**_reject(ground))
    return {"decision_id": decision.pk, "actor": decision.person}


def question(ground: Ground) -> dict[str, Any]:
    stage = ground.stage_of(ground.submitted())
    return {"stage_id": stage.pk, "actor": stage.owner, "person_id": ground.requester.pk, "text": "Why now?"}


@scenario(questions.ask_question)
def _ask(ground: Ground) -> dict[str, Any]:
    return question(ground)


def _hands(ground: Ground) -> dict[str, Any]:
    stage = ground.stage_of(ground.submitted())
    return {"stage_id": stage.pk, "actor": stage.owner, "person_id": ground.people["executive"].pk, "reason": "Away."}


@scenario(hands.hand_over, small=True)
def _hand_over(ground: Ground) -> dict[str, Any]:
    return _hands(ground)


@scenario(hands.hand_over, label="for another")
def _hand_on(ground: Ground) -> dict[str, Any]:
    given = _hands(ground)
    delegations.state_delegation(**_state(ground))
    return given | {"actor": ground.finance}


@scenario(hands.add_approver)
def _add_approver(ground: Ground) -> dict[str, Any]:
    return _hands(ground)


def _link(ground: Ground) -> dict[str, Any]:
    stage = ground.stage_of(ground.submitted())
    told = notify(person=stage.owner, kind="approvals.assigned", subject="It waits", key="a mail", entity=ground.entity)
    assert told is not None
    return {"notice": told, "stage": stage, "person": stage.owner, "place": None, "now": MONDAY}


@scenario(links.make_link)
def _make_link(ground: Ground) -> dict[str, Any]:
    return _link(ground)


@scenario(links.decide_by_link, small=True)
def _decide_by_link(ground: Ground) -> dict[str, Any]:
    given = _link(ground)
    link = links.make_link(**given)
    assert link is not None
    secret, digest = secret_of(link.nonce), given["stage"].request.digest
    return {"secret": secret, "actor": given["person"], "signed_in": True, "verdict": "approve", "digest": digest}


@scenario(links.revoke_links)
def _revoke_links(ground: Ground) -> dict[str, Any]:
    given = _link(ground)
    links.make_link(**given)
    return {"person_id": given["person"].pk}


@scenario(questions.answer_question)
def _answer(ground: Ground) -> dict[str, Any]:
    asked = questions.ask_question(**question(ground))
    file = questions.File("quote.pdf", PDF)
    return {"question_id": asked.pk, "actor": ground.requester, "text": "The old one ends.", "file": file}


@scenario(questions.withdraw_question)
def _withdraw_question(ground: Ground) -> dict[str, Any]:
    asked = questions.ask_question(**question(ground))
    return {"question_id": asked.pk, "actor": asked.asked_by}


@scenario(decisions.reject_stage, label="with a question open")
def _reject_asked(ground: Ground) -> dict[str, Any]:
    given = question(ground)
    questions.ask_question(**given)
    stage = Stage.objects.get(pk=given["stage_id"])
    return {"stage_id": stage.pk, "actor": stage.owner, "digest": stage.request.digest, "comment": "Not this year."}


def _comment(ground: Ground) -> dict[str, Any]:
    return {"request_id": ground.submitted().pk, "actor": ground.requester, "text": "Is Tuesday fine, @Finance?"}


@scenario(comments.write_comment)
def _write_comment(ground: Ground) -> dict[str, Any]:
    return _comment(ground)


@scenario(comments.edit_comment)
def _edit_comment(ground: Ground) -> dict[str, Any]:
    written = comments.write_comment(**_comment(ground))
    return {"comment_id": written.pk, "actor": ground.requester, "text": "Is Friday fine, @Program director?"}


@scenario(comments.withdraw_comment)
def _withdraw_comment(ground: Ground) -> dict[str, Any]:
    return {"comment_id": comments.write_comment(**_comment(ground)).pk, "actor": ground.requester}


@scenario(attachments.attach, small=True)
def _attach(ground: Ground) -> dict[str, Any]:
    kept = draft(ground.requester, ground.account, "300")
    return {"request_id": kept.pk, "actor": ground.requester, "name": "quote.pdf", "content": PDF}


@scenario(decisions.approve_stage, label="for another")
def _approve_for_another(ground: Ground) -> dict[str, Any]:
    """The finance person decides for the director, so that the second stage moves on to somebody else."""
    delegations.state_delegation(**_state(ground))
    request = ground.submitted()
    return {"stage_id": ground.stage_of(request).pk, "actor": ground.finance, "digest": request.digest}


def _state(ground: Ground) -> dict[str, Any]:
    day = MONDAY.date()
    data = delegations.DelegationData(ground.entity, ground.approver, ground.finance, day, day + timedelta(days=4))
    return {"data": data, "actor": ground.approver}


@scenario(delegations.state_delegation)
def _state_delegation(ground: Ground) -> dict[str, Any]:
    return _state(ground)


@scenario(delegations.end_delegation)
def _end_delegation(ground: Ground) -> dict[str, Any]:
    row = delegations.state_delegation(**_state(ground))
    return {"delegation_id": row.pk, "actor": ground.finance}


@scenario(
    absences.attend,
    steps="delegates are told in batches, and each request is covered for itself",
    # It says for how many stages somebody was found, and one is short of people.
    tells=lambda covered: covered == 0,
)
def _attend(ground: Ground) -> dict[str, Any]:
    """The director leaves for a while after a request came, and names nobody."""
    ground.submitted()
    given = _state(ground)
    delegations.state_delegation(data=replace(given["data"], delegate=None), actor=given["actor"])
    return {}


steps_of(attachments.detach, steps=[files.discard_file])


# Where the file waits to be removed, it is removed by the sweep.
@scenario(attachments.detach, notes={"core_discardedfile": ()})
def _detach(ground: Ground) -> dict[str, Any]:
    row = attachments.attach(**_attach(ground))
    return {"request_id": row.request_id, "attachment_id": row.pk, "actor": ground.requester}


LOG = b"""case,activity,role,timestamp
1,Request SUBMITTED by EMPLOYEE,EMPLOYEE,2026-01-05T09:00:00+00:00
1,Request APPROVED by SUPERVISOR,SUPERVISOR,2026-01-06T09:00:00+00:00
"""


@scenario(history.keep_history)
def _keep_history(ground: Ground) -> dict[str, Any]:
    read = history.read_history(content=LOG, name="log.csv", calendar="NL")
    return {"read": read, "entity": ground.entity, "actor": ground.finance, "kind": "vendor_payment"}


@scenario(history.drop_history)
def _drop_history(ground: Ground) -> dict[str, Any]:
    return {"log_id": history.keep_history(**_keep_history(ground)).pk, "actor": ground.finance}
