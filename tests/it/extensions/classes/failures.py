"""Exceptions, panics, and borrows that are refused."""

import threading

import kit
import pyo3_classes as p
from kit import refused


def exceptions_of_the_module():
    assert p.FirstError.__mro__ == (p.FirstError, Exception, BaseException, object)
    assert p.SecondError.__base__ is p.FirstError and p.FoundError.__base__ is LookupError
    print(repr(p.FirstError), p.FirstError.__doc__, p.SecondError.__doc__, p.FoundError.__module__)
    refused(p.FirstError, p.fail, "first", "text")
    refused(p.SecondError, p.fail, "second", "text")
    refused(p.FoundError, p.fail, "found", "text")
    refused(ValueError, p.fail, "value", "text")
    refused(FileNotFoundError, p.fail, "os", "")
    refused(ValueError, p.fail, "number", "no number")
    refused(RuntimeError, p.fail, "?", "")
    try:
        p.fail("second", "x")
    except p.FirstError as error:
        assert error.args == ("x", 2) and error.__traceback__.tb_next is None


def a_cause_and_notes():
    try:
        p.fail_with_cause()
    except p.FirstError as error:
        assert type(error.__cause__) is TypeError and str(error.__cause__) == "inner"
        assert error.__notes__ == ["a note"] and error.__suppress_context__


def rust_looks_at_exceptions():
    def raising(error):
        def function():
            raise error

        return function

    print(p.describe_error(raising(p.SecondError("x"))))
    print(p.describe_error(raising(KeyError("k"))))
    print(p.describe_error(raising(ValueError)))
    print(p.describe_error(raising(UnicodeError("u"))))
    print(p.describe_error(lambda: p.fail_with_cause()))
    print(p.describe_error(lambda: None))


def panics_are_exceptions():
    calls = [
        lambda: p.fail("panic", "aloud"),
        lambda: p.fail("panic with a value", ""),
        lambda: p.Panicking(True),
        lambda: p.Panicking().method(),
        lambda: p.Panicking().value,
        lambda: setattr(p.Panicking(), "value", 1),
        lambda: len(p.Panicking()),
        lambda: p.Panicking() == 1,
        lambda: hash(p.Panicking()),
        lambda: p.Panicking() + 1,
        lambda: iter(p.Panicking()),
        lambda: repr(p.Panicking()),
        lambda: p.Panicking()(),
    ]
    for call in calls:
        try:
            call()
        except Exception:
            raise AssertionError("not caught as an Exception")
        except BaseException as error:
            print(type(error).__module__, type(error).__name__, error)
            assert type(error).__name__ == "PanicException"
        else:
            raise AssertionError("nothing was raised")


def borrows_are_checked():
    c = p.Cell(1)
    assert c.shared(lambda: c.value) == 1
    assert c.shared(lambda: c.shared(lambda: c.value)) == 1
    refused(RuntimeError, c.shared, lambda: setattr(c, "value", 2))
    refused(RuntimeError, c.shared, lambda: c.exclusive(int))
    refused(RuntimeError, c.exclusive, lambda: c.value)
    refused(RuntimeError, c.exclusive, lambda: setattr(c, "value", 2))
    refused(RuntimeError, c.exclusive, lambda: c.shared(int))
    assert c.value == 4 and c.exclusive(lambda: "fine") == "fine"
    other = p.Cell(100)
    c.swap(other)
    assert (c.value, other.value) == (100, 5)
    refused(RuntimeError, c.swap, c)
    refused(RuntimeError, c.copy_from, c)
    c.copy_from(other)
    assert c.value == 5
    assert p.borrow_errors(c)[2] == 77
    print(p.borrow_errors(c))


def a_borrow_ends_with_an_exception():
    c = p.Cell(0)
    for _ in range(3):
        refused(ZeroDivisionError, c.exclusive, lambda: 1 / 0)
    refused(ZeroDivisionError, c.shared, lambda: 1 / 0)
    c.value = 9
    assert c.value == 9


def a_borrow_is_seen_by_another_thread():
    c = p.Cell(0)
    entered, leave = threading.Event(), threading.Event()
    thread = threading.Thread(target=c.exclusive, args=[lambda: (entered.set(), leave.wait())])
    thread.start()
    entered.wait()
    refused(RuntimeError, lambda: c.value)
    leave.set()
    thread.join()
    assert c.value == 1


kit.run(globals())
