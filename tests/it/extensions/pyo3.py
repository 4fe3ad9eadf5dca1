"""Capsules and dates of a PyO3 module. Each function is a test: `pyo3.py NAME` runs one."""

import gc
import sys
import types

import _capsule
import pyo3_capsules as p

NAME = p.NAME


def refused(kind, text, function, *arguments, note=None):
    try:
        function(*arguments)
    except kind as error:
        assert type(error) is kind, type(error)
        assert str(error) == text, str(error)
        assert note is None or error.__notes__ == [note], error.__notes__
    else:
        raise AssertionError("not refused")


def logged(*lines):
    found = p.take_ledger()
    assert found == list(lines), found


def a_value_comes_out_and_is_dropped_once():
    capsule = p.with_value(7)
    assert p.number(capsule, NAME) == 7
    assert p.name(capsule) == NAME and p.name_address(capsule)
    logged()
    del capsule
    logged("dropped 7")


def a_function_in_a_capsule_is_called():
    assert p.call(p.with_function(), 21) == 42


def a_destructor_gets_the_value_and_the_context():
    capsule = p.with_value_and_destructor(8)
    assert p.number(capsule, NAME) == 8
    p.set_context(capsule, 99)
    del capsule
    logged("destroy 8 99", "dropped 8")
    p.with_value_and_destructor(9)
    logged("destroy 9 0", "dropped 9")


def a_name_of_the_deprecated_constructors_lives_as_long_as_the_capsule():
    capsule = p.with_name(1, "my.name")
    gc.collect()
    assert p.name(capsule) == "my.name" and p.number(capsule, "my.name") == 1
    capsule = p.with_destructor(2, "my.other")
    logged("dropped 1")
    assert p.name(capsule) == "my.other" and p.number(capsule, "my.other") == 2
    del capsule
    logged("destroy 2 0", "dropped 2")


def a_capsule_without_a_name_has_none():
    capsule = p.without_name(3)
    assert p.name(capsule) is None
    assert p.number(capsule, None) == 3
    assert p.is_valid(capsule, None) and not p.is_valid(capsule, "")
    assert "capsule object NULL" in repr(capsule)


def a_pointer_is_kept_and_nothing_is_freed():
    capsule = p.with_pointer(0xC0FFEE)
    assert p.address(capsule, NAME) == 0xC0FFEE
    assert _capsule.get_destructor(capsule) is None
    del capsule
    logged()


def a_pointer_with_a_destructor_is_freed_once():
    capsule = p.with_pointer_and_destructor(0xBEEF)
    assert p.address(capsule, NAME) == 0xBEEF
    del capsule
    logged("note 48879")


def the_context_is_null_until_it_is_set():
    capsule = p.with_value(1)
    assert p.context(capsule) == 0
    p.set_context(capsule, 5)
    assert p.context(capsule) == 5
    p.set_context(capsule, 0)
    assert p.context(capsule) == 0


def a_wrong_name_is_refused_with_both_names_in_a_note():
    capsule = p.with_value(1)
    assert p.is_valid(capsule, NAME)
    assert not p.is_valid(capsule, "other") and not p.is_valid(capsule, None)
    text = "PyCapsule_GetPointer called with incorrect name"
    note = f'expected the name "other", found "{NAME}"'
    refused(_capsule.PyCapsuleError, text, p.address, capsule, "other", note=note)
    refused(_capsule.PyCapsuleError, text, p.address, capsule, None)


def a_cast_takes_capsules_and_nothing_else():
    assert p.type_object() is types.CapsuleType
    assert p.is_capsule(p.with_value(1)) and p.is_capsule(_capsule.new(1))
    for other in 1, None, "capsule", types.CapsuleType, p:
        assert not p.is_capsule(other), other
    try:
        p.name(1)
    except TypeError as error:
        assert "capsule" in str(error).lower(), str(error)
    else:
        raise AssertionError("not refused")


def import_finds_a_capsule_by_its_name():
    p.capsule = p.with_value(11)
    assert p.import_(NAME) == 11
    assert p.import_pointer(NAME) == _capsule.get_pointer(p.capsule, NAME)
    text = "module 'pyo3_capsules' has no attribute 'nothing'"
    refused(AttributeError, text, p.import_, "pyo3_capsules.nothing")
    text = f'PyCapsule_Import could not import module "no_such"'
    refused(ImportError, text, p.import_pointer, "no_such.capsule")
    p.renamed = p.with_value(12)
    text = 'PyCapsule_Import "pyo3_capsules.renamed" is not valid'
    refused(AttributeError, text, p.import_, "pyo3_capsules.renamed")
    del p.capsule, p.renamed
    logged("dropped 11", "dropped 12")


def import_refuses_a_pointer_that_is_not_aligned():
    p.capsule = p.with_pointer(129)
    try:
        p.import_aligned(NAME)
    except SystemError as error:
        assert "is not aligned to rust type" in str(error), str(error)
    else:
        raise AssertionError("not refused")
    p.capsule = p.with_pointer(128)
    p.import_aligned(NAME)


def rust_accepts_a_capsule_of_python_code():
    calls = []
    capsule = _capsule.new(77, "from.python", calls.append, context=3)
    assert p.address(capsule, "from.python") == 77
    assert p.name(capsule) == "from.python" and p.context(capsule) == 3
    p.set_context(capsule, 4)
    assert _capsule.get_context(capsule) == 4
    del capsule
    assert len(calls) == 1


def a_value_is_dropped_once_after_a_rename_by_python_code():
    capsule = p.with_value(13)
    _capsule.set_name(capsule, "renamed")
    assert p.number(capsule, "renamed") == 13
    del capsule
    logged("dropped 13")
    capsule = p.with_value_and_destructor(14)
    assert _capsule.claim(capsule, NAME, "used") and not p.is_valid(capsule, NAME)
    del capsule
    logged("destroy 14 0", "dropped 14")


def a_cycle_through_a_container_is_collected():
    container = [p.with_value(15)]
    container.append(container)
    del container
    gc.collect()
    logged("dropped 15")


def a_capsule_dropped_in_an_except_block_keeps_the_exception():
    try:
        1 / 0
    except ZeroDivisionError:
        capsule = p.with_value_and_destructor(16)
        del capsule
        assert sys.exc_info()[0] is ZeroDivisionError
        assert not p.is_valid(p.with_value(17), "other")
        assert sys.exc_info()[0] is ZeroDivisionError
    logged("destroy 16 0", "dropped 16", "dropped 17")


def capsules_cross_threads_of_rust():
    capsule = p.made_on_a_thread(18)
    assert p.number(capsule, NAME) == 18
    p.drop_on_a_thread(capsule)
    logged()
    del capsule
    logged("dropped 18")


def a_reference_dropped_while_detached_is_released_at_the_next_attachment():
    capsule = p.with_value(19)
    p.drop_detached(capsule)
    assert p.number(capsule, NAME) == 19
    del capsule
    logged("dropped 19")


def dates_are_made_and_read():
    import datetime

    zone = datetime.timezone(datetime.timedelta(hours=1))
    moment = datetime.datetime(2026, 11, 25, 15, 40, 1, 5, zone)
    assert p.since_midnight(moment) == datetime.timedelta(hours=15, minutes=40, seconds=1, microseconds=5)
    assert p.midnight(moment) == datetime.datetime(2026, 11, 25, tzinfo=zone)
    assert p.midnight(moment).tzinfo is zone
    assert p.midnight(moment.date()) == datetime.datetime(2026, 11, 25, tzinfo=datetime.UTC)
    text = "'int' object is not an instance of 'datetime'"
    refused(TypeError, text, p.since_midnight, 5, note="while processing 'moment'")


def a_capsule_in_a_module_is_destroyed_at_exit():
    p.capsule = p.with_closure("last words")


globals()[sys.argv[1]]()
