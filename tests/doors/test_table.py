"""Every door is declared, and every declaration has its door."""

from collections import Counter

from tests.doors import planted
from tests.doors.addresses import DEMO, addresses, undeclared, without_door
from tests.doors.tables import doors


def test_no_door_is_undeclared() -> None:
    assert undeclared() == [], "Declare these in tests/doors/tables; docs/doors.md says how."


def test_no_declaration_is_without_its_door() -> None:
    assert without_door() == []


def test_what_belongs_to_a_demo_is_there_in_a_demo_only() -> None:
    plain = {each.name for each in addresses()}
    assert [door.name for door in doors() if door.demo and door.name in plain] == []


def test_each_door_is_declared_once_with_its_parameters() -> None:
    assert [name for name, times in Counter(door.name for door in doors()).items() if times > 1] == []
    wanted = {each.name: set(each.parameters) for each in addresses(DEMO)}
    assert [door.name for door in doors() if set(door.at) != wanted.get(door.name, set(door.at))] == []


def test_one_more_address_is_seen() -> None:
    assert undeclared(planted.urlconf()) == [planted.UNDECLARED]
