"""Each public service has its scenario for R5, or says of which other one it is a step, or that it only reads."""

from tests.trust.scenarios import registry


def test_every_service_is_in_a_scenario_or_says_why_not() -> None:
    services = set(registry.public_services())
    tried = {registry.name_of(scenario.service) for scenario in registry.load()}
    declared = tried | set(registry.STEPS) | registry.READS
    assert services - declared == set(), "Add a scenario in tests/trust/scenarios for these."
    assert declared - services == set(), "These are no public services any more."


def test_a_step_belongs_to_services_that_have_a_scenario() -> None:
    tried = {registry.name_of(scenario.service) for scenario in registry.load()}
    assert {name for within in registry.STEPS.values() for name in within} <= tried
    assert not tried & set(registry.STEPS)
