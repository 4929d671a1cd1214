"""The addresses of approvals: the queue and the requests."""

from django.urls import path

from approvals.views import (
    asking,
    attachments,
    bulk,
    deciding,
    delegations,
    hands,
    listing,
    page,
    policies,
    questions,
    queue,
    waits,
)

app_name = "approvals"

urlpatterns = [
    path("queue/", queue.queue, name="queue"),
    path("queue/answers/", bulk.answer, name="answer-many"),
    path("queue/<int:stage_id>/", queue.stage, name="stage"),
    path("queue/<int:stage_id>/decide/", deciding.decide, name="decide"),
    path("queue/<int:stage_id>/ask/", questions.ask, name="ask"),
    path("queue/<int:stage_id>/hand-over/", hands.over, name="hand-over"),
    path("queue/<int:stage_id>/one-more/", hands.more, name="one-more"),
    path("delegations/", delegations.delegations, name="delegations"),
    path("delegations/<int:delegation_id>/end/", delegations.end, name="delegation-end"),
    path("policies/", policies.policy_list, name="policies"),
    path("policies/load/", policies.load, name="policy-load"),
    path("policies/keep/", policies.keep, name="policy-keep"),
    path("policies/versions/<int:version_id>/", policies.version, name="policy-version"),
    path("policies/versions/<int:version_id>/document/", policies.download, name="policy-document"),
    path("policies/versions/<int:version_id>/publish/", policies.publish, name="policy-publish"),
    path("policies/versions/<int:version_id>/drop/", policies.drop, name="policy-drop"),
    path("policies/versions/<int:version_id>/replay/", policies.replay, name="policy-replay"),
    path("waits/", waits.bottlenecks, name="waits"),
    path("waits/decisions.xes", waits.export, name="waits-export"),
    path("waits/histories/new/", waits.new_log, name="history-new"),
    path("waits/histories/<int:log_id>/", waits.log, name="history"),
    path("waits/histories/<int:log_id>/drop/", waits.drop_log, name="history-drop"),
    path("requests/", listing.requests, name="requests"),
    path("requests/new/", asking.new, name="new"),
    path("requests/lines/", asking.lines, name="lines"),
    path("requests/remains/", asking.remains, name="remains"),
    path("requests/chain/", asking.chain, name="chain"),
    path("requests/autosave/", asking.autosave, name="autosave"),
    path("requests/<str:number>/", page.page, name="request"),
    path("requests/<str:number>/edit/", asking.edit, name="edit"),
    path("requests/<str:number>/submit/", page.submit, name="submit"),
    path("requests/<str:number>/withdraw/", page.withdraw, name="withdraw"),
    path("requests/<str:number>/copy/", page.copy, name="copy"),
    path("requests/<str:number>/questions/<int:question_id>/answer/", questions.answer, name="question-answer"),
    path("requests/<str:number>/questions/<int:question_id>/withdraw/", questions.withdraw, name="question-withdraw"),
    path("requests/<str:number>/attachments/<int:attachment_id>/", attachments.attachment, name="attachment"),
]
