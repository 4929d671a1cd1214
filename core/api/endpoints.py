"""What core answers to programs: who calls, their organizations, their notices, jobs."""

from typing import Any

from django.db.models import QuerySet

from core import viewer
from core.access import entities_of, rights_of
from core.api import shapes
from core.api.acts import read, write
from core.api.endpoint import CODE, NUMBER, Endpoint, Listed, Shown
from core.api.filters import Asked, Choice, Code, FilterSet, Flag
from core.models import Entity, Job, Notice, User
from core.rules.rights import Right
from core.selectors.jobs import access_job_by_id, jobs_in_reach
from core.selectors.notices import access_notice_by_id, notices_of
from core.selectors.roles import access_entity_by_code, roles_of
from core.services.notices import mark_read

EVERYBODY = frozenset(Right)


class Me(Endpoint[User]):
    """Oneself."""

    room = "core"
    model = User
    rights = EVERYBODY
    shows = shapes.MeSerializer

    @read(gives=shapes.MeSerializer)
    def list(self) -> dict[str, Any]:
        """Say who calls, what they may do, and by which token."""
        return {
            "person": self.person,
            "time_zone": viewer.zone_of(self.person),
            "rights": sorted(rights_of(self.person)),
            "roles": roles_of(self.person),
            "token": self.token,
        }


class Entities(Listed[Entity], Shown[Entity]):
    """Organizations in which one holds a role."""

    room = "core"
    model = Entity
    rights = EVERYBODY
    shows = shapes.EntitySerializer
    orderings = ("code", "-code")
    lookup_url_kwarg = "code"
    places = {"code": (CODE, "The organization's code.")}

    def rows(self) -> QuerySet[Entity]:
        return entities_of(self.person)

    def one(self) -> Entity:
        return access_entity_by_code(self.person, self.kwargs["code"])


class NoticeFilter(FilterSet):
    """Unread ones, or those of a level."""

    unread = Asked(Flag(), field_name="read_at", lookup_expr="isnull")
    level = Asked(Choice(Notice.Level.choices), field_name="level")


class Notices(Listed[Notice], Shown[Notice]):
    """What one was told, the newest first."""

    room = "core"
    model = Notice
    rights = EVERYBODY
    shows = shapes.NoticeSerializer
    filterset_class = NoticeFilter
    orderings = ("-id", "id")
    places = {"id": (NUMBER, "The notice's number.")}

    def rows(self) -> QuerySet[Notice]:
        return notices_of(self.person)

    def one(self) -> Notice:
        return access_notice_by_id(self.person, self.number())

    @write(gives=shapes.NoticeSerializer)
    def read(self, notice: Notice) -> Notice:
        """Mark a notice, and the earlier ones about the same thing, as read."""
        mark_read(actor=self.person, notice_id=notice.pk)
        return access_notice_by_id(self.person, notice.pk)

    @write(gives=shapes.MarkedSerializer, detail=False)
    def read_all(self) -> dict[str, int]:
        """Mark everything as read."""
        return {"marked": mark_read(actor=self.person)}


class JobFilter(FilterSet):
    """Of a kind, in a state."""

    kind = Asked(Code(), field_name="kind")
    state = Asked(Choice(Job.State.choices), field_name="state")


class Jobs(Listed[Job], Shown[Job]):
    """Work that takes time: one's own, and that of organizations whose books one may audit."""

    room = "core"
    model = Job
    rights = EVERYBODY
    shows = shapes.JobSerializer
    filterset_class = JobFilter
    orderings = ("-id", "id")
    places = {"id": (NUMBER, "The job's number.")}

    def rows(self) -> QuerySet[Job]:
        return jobs_in_reach(self.person)

    def one(self) -> Job:
        return access_job_by_id(self.person, self.number())
