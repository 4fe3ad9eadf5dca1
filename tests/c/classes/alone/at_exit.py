"""Instances that are alive when the interpreter ends, after many subclasses were collected: at_exit.py FOLDER."""

import gc
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])

from class_driver import Block, Derived, Error, Node, Phoenix, Row, Table, Value, make_counted, make_over

Over = {base: make_over(base) for base in (list, dict, str, float, Exception, OSError)}


def make_subclasses():
    for number in range(150):
        class OfNode(Node):
            pass

        class OfError(Error):
            pass

        class OfList(Over[list]):
            pass

        OfNode(OfNode)
        OfError(number).me = OfError
        OfList().append(OfList)


threads = [threading.Thread(target=make_subclasses) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
gc.collect()
gc.collect()
print("left:", len(Node.__subclasses__()), len(Error.__subclasses__()), len(Over[list].__subclasses__()))

error = Error(3)
error.me = error
over_error = Over[Exception](1)
over_error.me = over_error
node = Node()
node.held = [node, error]
plain = Node(Derived(5))
phoenix = Phoenix()
row = Row(phoenix, Value(3))
table = Table(row=row)
view = memoryview(Block())
others = [over() if base is not OSError else over(2, "m") for base, over in Over.items()]
classes = [make_counted(type)(str(number), (), {}) for number in range(10)]


class AtExit(Node):
    def __del__(self):
        print("__del__", self.held)


last = AtExit(7)
last.me = last
print("done", flush=True)
