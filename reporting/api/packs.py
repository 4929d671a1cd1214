"""Packs: listed, with their hashes, as PDF and as data."""

from io import BytesIO

from django.db.models import QuerySet

from budgets.selectors.budgets import READING
from core.api.acts import download
from core.api.endpoint import NUMBER, Listed, Shown
from core.api.fields import MonthField
from core.api.files import Sent
from core.api.filters import Asked, Code, FilterSet, Flag
from core.errors import Missing
from core.selectors.retention import refuse_if_removed
from reporting.api.serializers import PackSerializer
from reporting.models import Pack
from reporting.selectors.packs import access_pack_by_id, visible_packs


class PackFilter(FilterSet):
    """Of a budget, by month, final or preliminary."""

    budget = Asked(Code(), field_name="budget__code")
    month = Asked(MonthField(), field_name="month")
    is_final = Asked(Flag(), field_name="is_final")

    class Meta:
        model = Pack
        fields: list[str] = []


class Packs(Listed[Pack], Shown[Pack]):
    """Packs of the budgets that one may read whole, the newest first."""

    room = "reporting"
    model = Pack
    rights = frozenset(READING)
    shows = PackSerializer
    filterset_class = PackFilter
    orderings = ("-id", "id", "-month", "month")
    places = {"id": (NUMBER, "The pack's number.")}

    def rows(self) -> QuerySet[Pack]:
        return visible_packs(self.person).select_related("issued_by")

    def one(self) -> Pack:
        return access_pack_by_id(self.person, self.number())

    @download(sends="application/pdf")
    def pdf(self, pack: Pack) -> Sent:
        """Hand out the pack's PDF, the bytes that were issued."""
        refuse_if_removed("packs", pack.pk)
        file = getattr(pack, "file", None)
        if file is None:
            raise Missing(
                "The PDF of this pack has not been made yet.", remedy="Issue the pack again: the same figures keep their issue."
            )
        return Sent(BytesIO(bytes(file.content)), file.name, "application/pdf", file.size, file.sha256)

    @download(sends="application/json")
    def data(self, pack: Pack) -> Sent:
        """Hand out the pack's data: the canonical JSON text of which `snapshot_sha256` is the hash."""
        refuse_if_removed("packs", pack.pk)
        name = f"{pack.budget.code}-{pack.month:%Y-%m}-issue-{pack.issue}.json"
        text = pack.snapshot.encode("ascii")
        return Sent(BytesIO(text), name, "application/json", len(text), pack.snapshot_sha256)
