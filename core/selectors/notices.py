"""Reading notices."""

from django.db.models import QuerySet

from core.errors import NotFound
from core.models import Notice, User


def notices_of(user: User) -> QuerySet[Notice]:
    """Return what the person was told, the newest first."""
    return Notice.objects.filter(person=user)


def access_notice_by_id(user: User, notice_id: int) -> Notice:
    """Return a notice of the person's own. Raises NotFound."""
    notice = notices_of(user).filter(pk=notice_id).first()
    if notice is None:
        raise NotFound("There is no such notice.", remedy="Start from your list of notices.")
    return notice
