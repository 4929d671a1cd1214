"""How the API describes a budget document: by the schema that judges it."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.plumbing import ResolvedComponent

from budgets.rules.document import BudgetDocument


class DocumentScheme(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]  # the library is half typed
    """Puts the document's own schema, with its parts, in place of the serializer's."""

    target_class = "budgets.api.budget_serializers.DocumentSerializer"

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """Describe the document; each part becomes a component beside it."""
        found = BudgetDocument.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
        for name, part in found.pop("$defs").items():
            auto_schema.registry.register_on_missing(_component(name, part))
        return dict(found)


def _component(name: str, schema: dict[str, Any]) -> Any:
    make: Any = ResolvedComponent
    return make(name=name, type=make.SCHEMA, object=name, schema=schema)
