"""The rows of classes: operations of Python code on an instance of the class `Sample`, which is
made from C, written in Python, or part of the interpreter. Requests are as for `c/module.c`.
"""

from itertools import repeat
from time import thread_time_ns

# For each row a statement, and what must be true of the value of the expression.
ROWS = {
    "class_empty_loop": ("pass", None),
    "class_new": ("Sample()", "type(value) is Sample"),
    "class_noargs": ("x.noargs()", "value is x"),
    "class_one": ("x.one(y)", "value is x"),
    "class_varargs": ("x.varargs(y, y)", "value is x"),
    "class_varargs_keywords": ("x.varargs_keywords(y, flag=y)", "value is x"),
    "class_fastcall": ("x.fastcall(y, y)", "value is x"),
    "class_fastcall_keywords": ("x.fastcall_keywords(y, flag=y)", "value is x"),
    "class_method": ("x.method(y, flag=y)", "value is x"),
    "class_getter": ("x.getter", "value is None"),
    "class_member": ("x.member", "value is None"),
    "class_len": ("len(x)", "value == 3"),
    "class_subscript": ("x[y]", "value is None"),
    "class_add": ("x + y", "value is x"),
    "class_equal": ("x == y", "value is False"),
    "class_hash": ("hash(x)", "value == 271828"),
    "class_buffer": ("memoryview(x)", "value.nbytes == 64"),
}

# The only row that is no expression: the time of one item.
ITERATION = "class_iteration"

# How often a statement is in the body of its loop.
COPIES = 10

LOOP = """
def loop(Sample, x, y, times):
    for _ in times:
{body}
"""


def loop_of(statement):
    body = f"        {statement}\n" * COPIES
    names = {}
    exec(LOOP.format(body=body), names)
    return names["loop"]


class ClassRows:
    def __init__(self, Sample):
        self.Sample = Sample
        self.loops = {row: loop_of(statement) for row, (statement, _) in ROWS.items()}

    def request(self, line):
        first, second = line.split()
        if first == "check":
            return self.check(second)
        if first == ITERATION:
            return self.iterate(int(second))
        return self.measure(self.loops[first], int(second))

    def check(self, row):
        x, y = self.Sample(), self.Sample()
        if row == ITERATION:
            x.remaining = 3
            return "right" if list(x) == [None] * 3 else "wrong"
        if row not in ROWS:
            return "unknown"
        statement, condition = ROWS[row]
        if condition is None:
            return "right"
        names = {"Sample": self.Sample, "x": x, "y": y}
        names["value"] = eval(statement, names)
        return "right" if eval(condition, names) else "wrong"

    def measure(self, loop, count):
        x, y = self.Sample(), self.Sample()
        times = count // COPIES + 1
        iterator = repeat(None, times)
        began = thread_time_ns()
        loop(self.Sample, x, y, iterator)
        took = thread_time_ns() - began
        # As for `count` statements. There are no cycles.
        return f"{took * count // (times * COPIES)} 0"

    def iterate(self, count):
        x = self.Sample()
        x.remaining = count
        began = thread_time_ns()
        for _ in x:
            pass
        return f"{thread_time_ns() - began} 0"
