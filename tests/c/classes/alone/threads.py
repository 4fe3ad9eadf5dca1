"""Threads make instances, share them, make subclasses and drop everything, while collections run:
threads.py FOLDER."""

import gc
import random
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])

from class_driver import Base, Derived, Error, Getters, Node, Row, Value, counts, make_counted, take_events

THREADS, STEPS = 6, 1500

shared = [None]
lock = threading.Lock()
failures = []
CountedList = make_counted(list)


class SubNode(Node):
    def __del__(self):
        self.seen = self.held


class SubBase(Base):
    pass


def one_of(random, last):
    """A new instance, often in a cycle or with a reference to one that another thread made."""
    with lock:
        other = random.choice(shared)
    kind = random.randrange(8)
    if kind == 0:
        node = Node(other)
    elif kind == 1:
        node = SubNode(last)
        node.me = node
    elif kind == 2:
        node = Node()
        node.held = [node, other]
    elif kind == 3:
        node = Getters()
        node.both = other
    elif kind == 4:
        node = Row(other, last, Value(random.random()))
    elif kind == 5:
        node = Error(other)
        node.me = node
    elif kind == 6:
        node = CountedList([other])
        node.append(node)
    else:
        class Local(random.choice((Node, SubBase, Derived))):
            pass
        node = Local()
        node.cycle = node, Local
    return node


def work(seed):
    try:
        generator = random.Random(seed)
        last = None
        for step in range(STEPS):
            last = one_of(generator, last)
            with lock:
                shared.append(last)
                if len(shared) > 60:
                    del shared[1:30]
            if step % 300 == seed:
                gc.collect()
            if step % 50 == seed:
                take_events()
    except BaseException as error:
        failures.append(error)


before = counts()
threads = [threading.Thread(target=work, args=(seed,)) for seed in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
threads.clear()
shared.clear()
while gc.collect():
    # An instance whose class has no `tp_traverse` is only found when nothing else refers to it.
    pass
after = counts()
assert not failures, failures
assert after[0] - before[0] > THREADS * STEPS // 4, after
# The one of Derived is `Joined`, which is made in C.
print("subclasses left:", len(SubBase.__subclasses__()), len(Derived.__subclasses__()))
