"""The stubs, which checkers of types and editors read, say what the packages have."""

import pytest
import stubs


@pytest.mark.parametrize("package", stubs.packages())
def test_stubs_are_up_to_date(package):
    assert stubs.path_of(package).read_text() == stubs.stub(package), "run python tests/stubs.py"


def test_every_stub_is_of_such_a_package():
    there = {path.parent for path in stubs.ROOT.joinpath("minikeras").rglob("*.pyi")}
    assert there == {stubs.path_of(package).parent for package in stubs.packages()}
