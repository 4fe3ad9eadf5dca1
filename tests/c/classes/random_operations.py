"""Random operations on objects of C classes: random_operations.py FOLDER STEPS SEED... FOLDER has the module,
and gets a transcript for each seed."""

import copy
import gc
import operator
import os
import pickle
import random
import sys
import weakref

sys.dont_write_bytecode = True
sys.path[:0] = [os.path.realpath(sys.argv[1]), os.path.dirname(os.path.realpath(__file__))]

import class_driver as c
from telling import events, say, shown, steady, told


class SubNumber(c.Number):
    def __add__(self, other):
        return "Python add", super().__add__(other)

    def __radd__(self, other):
        return "Python radd"


class SubPicky(c.Picky):
    def __rsub__(self, other):
        return NotImplemented

    def __lt__(self, other):
        return True


class SubRow(c.Row):
    def __len__(self):
        return super().__len__() + 1

    def __contains__(self, value):
        return value == 5 or super().__contains__(value)


class SubTable(c.Table):
    def __iter__(self):
        return iter(self.keys())

    def __setitem__(self, key, value):
        super().__setitem__(str(key), value)


class SubBase(c.Base):
    def __init__(self, *args):
        super().__init__(*args)
        self.extra = args

    def __del__(self):
        say("__del__", type(self).__name__, self.number)


class SubDerived(c.Mixin, c.Derived):
    pass


class SubValue(c.Value):
    __slots__ = ("slot",)

    def __hash__(self):
        return 8


class SubNode(c.Node):
    def __eq__(self, other):
        return type(self) is type(other)

    __hash__ = None


class SubGetters(c.Getters):
    @property
    def read_only(self):
        return "Python", super().read_only


class SubError(c.Error):
    def __str__(self):
        return f"Python {super().__str__()}"


class SubList(c.make_over(list)):
    def append(self, value):
        super().append((value, self.bump()))


class SubDict(c.make_over(dict)):
    def __missing__(self, key):
        return "missing", key, self.bump()


class SubStr(c.make_over(str)):
    pass


def hashed(value):
    """The hash of an object whose hash is the same in each process."""
    given = hash(value)
    return given if isinstance(value, (c.Value, int, float)) else None


def pickled(value):
    return pickle.loads(pickle.dumps(value))


CLASSES = [
    c.Number, c.Picky, c.Value, c.Row, c.Table, c.Both, c.Fails, c.Empty, c.Unhashable, c.Countdown, c.Iterable,
    c.Caller, c.Vector, c.Attributes, c.OldAttributes, c.Places, c.Managed, c.Getters, c.Members, c.Methods, c.Node,
    c.Base, c.Derived, c.Other, c.Mixin, c.Joined, c.Error, c.WithMeta, c.Block, SubNumber, SubPicky, SubRow, SubTable,
    SubBase, SubDerived, SubValue, SubNode, SubGetters, SubError, SubList, SubDict, SubStr,
]
NAMES = [
    "number", "fraction", "both", "read_only", "with_closure", "extra", "held", "loud", "who", "mixed", "o", "noargs",
    "class_o", "static_o", "method", "a_short", "an_int", "a_double", "a_char", "a_bool", "an_object", "an_object_or_error",
    "an_unsigned_byte", "a_string", "c_name", "other", "slot", "keys", "code", "args", "exports", "bump", "count", "size",
    "__dict__", "__class__", "__module__", "__len__", "__add__", "__getitem__", "__init__", "__call__",
]
BINARY = [
    operator.add, operator.sub, operator.mul, operator.matmul, operator.truediv, operator.floordiv, operator.mod,
    operator.lshift, operator.rshift, operator.and_, operator.or_, operator.xor, operator.pow, divmod, operator.iadd,
    operator.isub, operator.imul, operator.ior, operator.eq, operator.ne, operator.lt, operator.le, operator.gt,
    operator.ge, operator.contains, operator.getitem, operator.delitem, operator.concat, isinstance, operator.is_,
]
UNARY = [
    operator.neg, operator.pos, operator.abs, operator.invert, operator.not_, bool, int, float, complex, operator.index,
    len, iter, list, tuple, hashed, repr, str, callable, type, reversed, sorted, sum, dict, bytes, memoryview,
    operator.length_hint, vars, format, next, copy.copy, pickled, weakref.ref, any,
    enumerate, bytearray, max, ascii,
]
VALUES = [0, 1, -1, 3, 300, 1.5, "text", "x", b"bytes", None, True, (), [1], {}, slice(0, 1), ..., int, "number"]


class Run:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.pool = [None] * 12

    def thing(self):
        """An object of the pool, or a value."""
        if self.random.random() < 0.6:
            made = self.random.choice(self.pool)
            if made is not None:
                return made
        return self.random.choice(VALUES)

    def make(self):
        cls = self.random.choice(CLASSES)
        arguments = [self.thing() for _ in range(self.random.choice((0, 0, 1, 1, 2)))]
        place = self.random.randrange(len(self.pool))
        return f"make {cls.__name__}{kinds(arguments)} at {place}", lambda: self.put(place, cls(*arguments))

    def put(self, place, value):
        self.pool[place] = value
        return value

    def drop(self):
        place = self.random.randrange(len(self.pool))
        return f"drop {place}", lambda: self.put(place, None)

    def binary(self):
        function, left, right = self.random.choice(BINARY), self.thing(), self.thing()
        return f"{function.__name__}{kinds((left, right))}", lambda: function(left, right)

    def unary(self):
        function, value = self.random.choice(UNARY), self.thing()
        return f"{function.__name__}{kinds((value,))}", lambda: function(value)

    def ternary(self):
        values = self.thing(), self.thing(), self.thing()
        return f"pow{kinds(values)}", lambda: pow(*values)

    def set_item(self):
        values = self.thing(), self.thing(), self.random.choice(VALUES)
        return f"set_item{kinds(values)}", lambda: operator.setitem(*values)

    def attribute(self):
        value, name, other = self.thing(), self.random.choice(NAMES), self.random.choice((*VALUES, 2**40, -(2**70)))
        which = self.random.choice(("get", "get", "set", "delete"))
        if which == "get":
            return f"get {name}{kinds((value,))}", lambda: getattr(value, name)
        if which == "set":
            return f"set {name}{kinds((value, other))}", lambda: setattr(value, name, other)
        return f"delete {name}{kinds((value,))}", lambda: delattr(value, name)

    def call(self):
        value, name = self.thing(), self.random.choice(NAMES)
        arguments = [self.random.choice(VALUES) for _ in range(self.random.randrange(4))]
        names = {"a": 1} if self.random.random() < 0.3 else {}
        return f"call {name}{kinds((value, *arguments))} {len(names)}", lambda: getattr(value, name)(*arguments, **names)

    def call_itself(self):
        value, arguments = self.thing(), [self.random.choice(VALUES) for _ in range(self.random.randrange(3))]
        return f"call{kinds((value, *arguments))}", lambda: value(*arguments)

    def unbound(self):
        cls, value, name = self.random.choice(CLASSES), self.thing(), self.random.choice(NAMES)
        argument = self.random.choice(VALUES)
        return f"{cls.__name__}.{name}{kinds((value, argument))}", lambda: getattr(cls, name)(value, argument)

    def descriptor(self):
        cls, value, name = self.random.choice(CLASSES), self.thing(), self.random.choice(NAMES)
        return f"{cls.__name__}.{name}.__get__{kinds((value,))}", lambda: getattr(cls, name).__get__(value)

    def collect(self):
        # The number is that of all objects, so it depends on the interpreter.
        return "collect", lambda: gc.collect() * 0

    def step(self):
        kinds_of_step = [
            self.make, self.make, self.make, self.drop, self.drop, self.binary, self.binary, self.binary, self.unary,
            self.unary, self.ternary, self.set_item, self.attribute, self.attribute, self.call, self.call,
            self.call_itself, self.unbound, self.descriptor,
        ]
        chosen = self.collect if self.random.random() < 0.002 else self.random.choice(kinds_of_step)
        label, action = chosen()
        try:
            answer = shown(action())
        except BaseException as error:
            answer = told(error)
        del action
        return f"{label}\t{answer[:300]}\t{events()[:600]}"


def kinds(values):
    return "(" + ", ".join(type(value).__name__ if not isinstance(value, type) else value.__name__ for value in values) + ")"


def main():
    steps, *seeds = map(int, sys.argv[2:])
    for seed in seeds:
        run = Run(seed)
        with open(os.path.join(sys.argv[1], f"{seed}.txt"), "w") as transcript:
            for number in range(steps):
                transcript.write(f"{number}\t{run.step()}\n")
                transcript.flush()
        run.pool.clear()
        gc.collect()
        events()


main()
