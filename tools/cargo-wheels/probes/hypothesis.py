"""hypothesis: property tests that pass, that shrink a counter-example, and a stateful one."""

import datetime
import math
import sys

from hypothesis import HealthCheck, Phase, assume, example, find, given, settings, strategies as st
from hypothesis.database import InMemoryExampleDatabase
from hypothesis.errors import Flaky, NoSuchExample, UnsatisfiedAssumption
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

native = [name for name in sys.modules if name.startswith("hypothesis._native")]
assert native, "the native part is not loaded"

quick = settings(
    database=None,
    deadline=None,
    derandomize=True,
    max_examples=50,
    suppress_health_check=list(HealthCheck),
)
seen = {"sort": 0, "floats": 0}


@quick
@given(st.lists(st.integers()))
def sorting_twice_changes_nothing(values):
    seen["sort"] += 1
    once = sorted(values)
    assert sorted(once) == once and len(once) == len(values)


@quick
@given(st.floats(allow_nan=False), st.floats(min_value=0, max_value=1, exclude_max=True))
@example(0.0, 0.5)
def floats_keep_their_bounds(any_float, fraction):
    seen["floats"] += 1
    assert 0 <= fraction < 1
    assert math.copysign(1, any_float) in (-1, 1)


sorting_twice_changes_nothing()
floats_keep_their_bounds()
assert seen["sort"] >= 50 and seen["floats"] >= 50, seen


def counter_example(strategy, wrong):
    """What hypothesis reports after it has shrunk a value for which `wrong` is true."""
    last = []

    @settings(quick, max_examples=500, report_multiple_bugs=False)
    @given(strategy)
    def holds(value):
        last[:] = [value]
        assert not wrong(value)

    try:
        holds()
    except AssertionError as error:
        notes = "".join(error.__notes__)
        assert "holds" in notes, notes
        return last[0]
    raise AssertionError("no counter-example was found")


assert counter_example(st.integers(), lambda number: number > 1000) == 1001
assert counter_example(st.lists(st.integers()), lambda values: sum(values) >= 100) == [100]
assert counter_example(st.floats(), lambda number: number >= 1.5) == 2.0
assert counter_example(st.text(), lambda text: len(text) > 3) == "0000"
assert counter_example(
    st.dictionaries(st.text(), st.booleans()), lambda mapping: any(mapping.values())
) == {"": True}
assert counter_example(
    st.tuples(st.integers(0, 50), st.integers(0, 50)), lambda pair: pair[0] + pair[1] > 60
) in [(11, 50), (50, 11)]

# `find` shrinks a value for which a condition holds.
assert find(st.integers(), lambda number: number >= 1000, settings=quick) == 1000
assert find(st.dates(), lambda date: date.year > 2010, settings=quick) == datetime.date(2011, 1, 1)
assert (
    find(
        st.from_regex(r"\A[a-c]{2}-[0-9]+\Z"),
        lambda text: text.endswith("7"),
        settings=settings(quick, max_examples=500),
    )
    == "aa-7"
)
try:
    find(st.integers(0, 5), lambda number: number > 5, settings=quick)
except NoSuchExample:
    pass
else:
    raise AssertionError("an example was found that cannot exist")


@quick
@given(
    st.recursive(st.none() | st.booleans(), lambda inner: st.lists(inner, max_size=3), max_leaves=8)
)
def nested(value):
    assume(value is not None)
    assert isinstance(value, (bool, list))


nested()


@quick
@given(st.data(), st.sampled_from("abc"), st.binary(max_size=4), st.decimals(allow_nan=False))
def drawn(data, letter, raw, decimal):
    number = data.draw(st.integers(0, 9), label="number")
    assert 0 <= number <= 9 and letter in "abc" and len(raw) <= 4 and decimal == decimal


drawn()


# The database keeps the counter-example, which is tried first in the next run.
database = InMemoryExampleDatabase()
tried = []


@settings(database=database, deadline=None, max_examples=300)
@given(st.integers(0, 10_000))
def never_seven_hundred(number):
    tried.append(number)
    assert number < 700


for attempt in range(2):
    tried.clear()
    try:
        never_seven_hundred()
    except (AssertionError, Flaky):
        pass
assert tried[0] == 700, tried[:3]


class Queue(RuleBasedStateMachine):
    """A queue with a mistake that needs three steps."""

    def __init__(self):
        super().__init__()
        self.items = []

    @rule(item=st.integers())
    def push(self, item):
        self.items.append(item)

    @rule()
    def pop(self):
        if self.items:
            self.items.pop(0)

    @invariant()
    def is_short(self):
        assert len(self.items) < 3


# Without the phase `explain`: it uses `sys.monitoring`, and RustPython 0.6.0 ends the process in
# the methods of a state machine when that is on.
phases = [phase for phase in Phase if phase is not Phase.explain]
try:
    run_state_machine_as_test(Queue, settings=settings(quick, max_examples=100, phases=phases))
except AssertionError as error:
    assert sum("push" in note for note in error.__notes__) == 3, error.__notes__
else:
    raise AssertionError("the mistake of the queue was not found")
assert issubclass(UnsatisfiedAssumption, Exception)
