"""The addresses of core."""

from django.conf import settings
from django.urls import path

from core.views import appearance, jobs, notices, sessions

app_name = "core"

urlpatterns = [
    path("sign-in/", sessions.sign_in, name="sign-in"),
    path("sign-out/", sessions.sign_out, name="sign-out"),
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
