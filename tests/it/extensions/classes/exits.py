"""What is alive when the interpreter is finalized. Each function runs in a process of its own."""

import threading

import kit
import pyo3_classes as p
from kit import collect


def _say(words):
    return p.LastWords(print, words + ", an exception is pending:")


def an_object_in_a_module():
    global kept
    kept = _say("dropped from a module")


def an_object_in_the_module_of_the_extension():
    p.kept = _say("dropped from the extension")


def an_object_in_a_cycle():
    global kept
    kept = p.Node()
    kept.next = kept
    kept.words = _say("dropped with a cycle")


def an_object_of_a_class_in_python():
    global kept

    class Sub(p.Branch):
        def __del__(self):
            print("finalized")

    kept = Sub()
    kept.other = kept
    kept.words = _say("dropped with a subclass")


def an_object_in_a_class():
    global Kept

    class Kept(p.Node):
        words = _say("dropped with a class")

    Kept.instance = Kept()


def an_exception_in_a_cycle():
    global kept
    kept = p.CodeError(3)
    kept.me = kept
    kept.words = _say("dropped with an exception")


def an_exception_in_a_cycle_after_many_classes_were_collected():
    """The order of what follows once crashed an interpreter."""

    def make():
        for number in range(150):

            class Local(p.Node):
                pass

            Local().children.append(number)

            class Error(p.CodeError):
                pass

            Error(number)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    collect()
    assert p.Node.__subclasses__() == [p.Branch] and p.CodeError.__subclasses__() == []
    global kept
    kept = p.CodeError(3)
    kept.me = kept


def exceptions_of_many_classes():
    global kept
    kept = []
    for number in range(300):
        error = type(f"Error{number}", (p.CodeError,), {})(number)
        error.me, error.extra = error, kept
        kept.append(error)
    kept.append(_say("dropped after many exceptions"))


def an_exception_that_is_being_handled():
    error = p.CodeError("not caught")
    error.words = _say("dropped with the exception that ended the program")
    error.me = error
    raise SystemExit(0) from error


def a_buffer_and_a_dict():
    global kept
    block = p.Block(b"abc")
    kept = p.NativeDict()
    kept.update(view=memoryview(block), holder=p.Holder(block), itself=kept)
    kept.extra = _say("dropped with a dict")


def a_thread_that_still_runs():
    def wait():
        node = p.Node()
        node.next = node
        threading.Event().wait()

    threading.Thread(target=wait, daemon=True).start()
    print("started")


kit.run(globals())
