"""Runs rows of Python code, and prints a line for each: its topic, the code, what it gives, and the events
that the C code and the interpreter add meanwhile."""

import re
import sys
import warnings

import class_driver


def say(*things):
    """What rows use in place of `print`."""
    class_driver.add_event(" ".join(steady(str(thing)) for thing in things))


def unraisable(report):
    say("unraisable", told(report.exc_value))


def warning(message, category, *_):
    say("warning", f"{category.__name__}: {message}")


sys.unraisablehook = unraisable
warnings.simplefilter("always")
warnings.showwarning = warning


def told(error):
    """The class and the text of an exception, and those of its cause."""
    try:
        text = f"{type(error).__name__}: {error}"
    except BaseException as other:
        text = f"{type(error).__name__}, whose text raises {type(other).__name__}: {other}"
    notes = "".join(f" [note: {note}]" for note in getattr(error, "__notes__", ()))
    cause = error.__cause__
    return steady(f"{text}{notes}" if cause is None else f"{text}{notes} <- {told(cause)}")


def steady(text):
    """The text without addresses."""
    return re.sub(r"0x[0-9a-fA-F]+", "0x", text)


def shown(value):
    try:
        return steady(repr(value))
    except BaseException as error:
        return f"a repr that raises {told(error)}"


def events():
    """What happened since the last call, in one line."""
    return "; ".join(class_driver.take_events().splitlines())


def pieces(text):
    """The statements of a text. Lines that begin with a space, or with `except`, continue a statement."""
    lines = [line for line in text.split("\n") if line.strip()]
    statement = []
    for line in lines:
        if statement and not line.startswith((" ", "except", "else", "finally")):
            yield "\n".join(statement)
            statement = []
        statement.append(line)
    if statement:
        yield "\n".join(statement)


def answer(statement, names):
    """Runs a statement, and returns the value of an expression."""
    try:
        code = compile(statement, "row", "eval")
    except SyntaxError:
        try:
            exec(compile(statement, "row", "exec"), names)
        except BaseException as error:
            return told(error)
        return ""
    try:
        return shown(eval(code, names))
    except BaseException as error:
        return told(error)


def rows(topic, text, **more):
    """Runs each statement in one namespace, which has the classes and functions of the module."""
    names = {name: value for name, value in vars(class_driver).items() if not name.startswith("_")}
    names.update(more, __name__="rows", print=say)
    events()
    for statement in pieces(text):
        row(topic, statement, names)
    names.clear()
    left = events()
    if left:
        print(f"{topic}\tthe end\t\t{left}", flush=True)


def row(topic, statement, names):
    """Runs a statement, and prints its line."""
    given = answer(statement, names)
    print(f"{topic}\t{' '.join(statement.split())}\t{given}\t{events()}", flush=True)
