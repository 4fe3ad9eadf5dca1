"""Descriptors keep their class, and a class with descriptors is freed."""

import gc
import weakref

from showing import driver, row


def classes_left(make, use):
    """How many of ten classes are left after `use` of each."""
    alive = []
    kept = []
    for _ in range(10):
        made = make()
        alive.append(weakref.ref(made))
        kept.append(use(made))
    del made
    gc.collect()
    left = sum(ref() is not None for ref in alive)
    answers = [call() for call in kept if callable(call)]
    kept.clear()
    gc.collect()
    return left, answers[:1], sum(ref() is not None for ref in alive)


def used(made):
    made().no_args(), made().both, made.class_one(1), made.static_one(1), made().with_class(1)


def members_used(made):
    instance = made()
    instance.one_int = 5
    instance.one_object = instance.one_object_ex = 5


row("unused classes", classes_left, driver.make_class, lambda made: None)
row("used classes", classes_left, driver.make_class, used)
row("classes with members", classes_left, driver.make_member_class, members_used)
for name in ("no_args", "class_one", "static_one", "both", "with_class", "class_with_class"):
    row(f"classes whose descriptor {name} is left", classes_left, driver.make_class, lambda made: [vars(made)[name]])
for name in ("one_int", "one_object_ex"):
    row(f"classes whose member {name} is left", classes_left, driver.make_member_class, lambda made: [vars(made)[name]])


def bool_of(method):
    return lambda: bool(method())


for name in ("no_args", "with_class", "class_no_args", "static_no_args", "class_with_class"):
    row(f"classes whose bound method {name} is left", classes_left, driver.make_class, lambda made: bool_of(getattr(made(), name)))
