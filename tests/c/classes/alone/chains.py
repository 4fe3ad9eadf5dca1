"""Long chains of instances, each the only reference to the next: chains.py FOLDER. Destroying one must not
need a deep stack, in whatever way the links are made."""

import gc
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])

from class_driver import Error, Getters, Managed, Node, Row, Table, counts, make_over

LENGTH = 100_000


class SubNode(Node):
    pass


Dict = make_over(dict)


def by_member(rest):
    return Node(rest)


def by_member_of_a_subclass(rest):
    return SubNode(rest)


def by_attribute(rest):
    node = SubNode()
    node.next = rest
    return node


def by_managed_dict(rest):
    node = Managed()
    node.next = rest
    return node


def by_getter(rest):
    node = Getters()
    node.both = rest
    return node


def by_list(rest):
    return Row(rest)


def by_dict(rest):
    return Table(next=rest)


def by_base(rest):
    return Dict(next=rest)


def by_exception(rest):
    error = Error()
    error.__cause__ = rest
    return error


def by_all_in_turn(rest):
    global turn
    turn += 1
    return LINKS[turn % len(LINKS)](rest)


turn = 0
LINKS = [by_member, by_member_of_a_subclass, by_attribute, by_managed_dict, by_getter, by_list, by_dict, by_base]


def destroy(link, drop):
    before = counts()
    chain = None
    for _ in range(LENGTH):
        chain = link(chain)
    made = counts()[0] - before[0]
    drop([chain])
    del chain
    assert counts()[1] - before[1] == made, (link, made, counts()[1] - before[1])


def here(holder):
    holder.clear()


def on_a_small_stack(holder):
    threading.stack_size(256 << 10)
    thread = threading.Thread(target=holder.clear)
    thread.start()
    thread.join()
    threading.stack_size(0)


def by_a_collection(holder):
    cycle = Node()
    cycle.held = [cycle, holder.pop()]
    del cycle
    gc.collect()


gc.disable()
for link in [*LINKS, by_exception, by_all_in_turn]:
    destroy(link, here)
    print(link.__name__, flush=True)
for link in (by_member, by_attribute, by_all_in_turn):
    destroy(link, on_a_small_stack)
    print(link.__name__, "on a small stack", flush=True)
