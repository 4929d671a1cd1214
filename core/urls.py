"""The addresses of core."""

from django.conf import settings
from django.urls import path

from core.views import account, appearance, calendars, directory, jobs, notices, retention, rights, sessions, tokens, trail

app_name = "core"

urlpatterns = [
    path("sign-in/", sessions.sign_in, name="sign-in"),
    path("sign-out/", sessions.sign_out, name="sign-out"),
    path("account/", account.account, name="account"),
    path("account/sessions/", account.session_list, name="sessions"),
    path("account/tokens/", tokens.token_list, name="tokens"),
    path("account/tokens/<int:token_id>/revoke/", tokens.token_revoke, name="token-revoke"),
    path("account/sessions/end/", account.session_end, name="session-end"),
    path("people/", directory.people, name="people"),
    path("people/invite/", directory.invite, name="invite"),
    path("people/invitations/<int:invitation_id>/again/", directory.invitation_again, name="invitation-again"),
    path("people/invitations/<int:invitation_id>/withdraw/", directory.invitation_withdraw, name="invitation-withdraw"),
    path("people/<int:person_id>/lift-lock/", directory.lift_lock, name="lift-lock"),
    path("people/<int:person_id>/act-as/", directory.act_as, name="act-as"),
    path("people/<int:person_id>/calendar/", calendars.person_calendar, name="person-calendar"),
    path("people/act-as/stop/", directory.act_stop, name="act-stop"),
    path("rights/", rights.rights, name="rights"),
    path("rights/give/", rights.give, name="rights-give"),
    path("rights/people/<int:person_id>/", rights.person_rights, name="person-rights"),
    path("rights/<int:assignment_id>/take/", rights.take, name="rights-take"),
    path("trail/", trail.audit_trail, name="trail"),
    path("trail/csv/", trail.trail_csv, name="trail-csv"),
    path("retention/", retention.retention, name="retention"),
    path("retention/holds/<int:hold_id>/lift/", retention.lift, name="retention-lift"),
    path("retention/removals/<int:run_id>/", retention.run, name="retention-run"),
    path("retention/removals/<int:run_id>/csv/", retention.run_csv, name="retention-run-csv"),
    path("retention/of/<str:entity_code>/hold/", retention.hold, name="retention-hold"),
    path("retention/of/<str:entity_code>/past/", retention.past, name="retention-past"),
    path("retention/of/<str:entity_code>/<str:kind>/", retention.period, name="retention-period"),
    path("invitations/<str:token>/", directory.invitation, name="invitation"),
    path("first-administrator/<str:token>/", directory.first, name="first-administrator"),
    path("appearance/", appearance.appearance, name="appearance"),
    path("notices/", notices.notice_list, name="notices"),
    path("notices/read/", notices.read_all, name="notices-read"),
    path("notices/<int:notice_id>/open/", notices.open_notice, name="notice-open"),
    path("jobs/<int:job_id>/", jobs.job, name="job"),
    path("jobs/<int:job_id>/progress/", jobs.job_progress, name="job-progress"),
]

# The role switcher signs in without a password: its address exists in a demo only, and its views look again.
switch_patterns = [path("switch/", sessions.switch, name="switch")]
if settings.DEMO:
    urlpatterns += switch_patterns
