"""Iterators, awaitables, calls and descriptors."""

from telling import rows


def drive(awaitable, *sent):
    """Runs a coroutine step by step, and returns what it yields, and its result."""
    steps = []
    coroutine = awaitable.__await__() if hasattr(awaitable, "__await__") else awaitable
    for value in (None, *sent):
        try:
            steps.append(coroutine.send(value))
        except StopIteration as stop:
            return steps, stop.value
    coroutine.close()
    return steps, "not finished"


rows("iterator", """
c = Countdown(2)
iter(c) is c
next(c), next(c)
next(c)
next(c, 'default')
c.__next__()
list(Countdown(3)), tuple(Countdown(0)), [*Countdown(2)]
list(Countdown(2, 's'))
list(Countdown(2, 'v'))
list(Countdown(2, 'e'))
next(Countdown(0, 's'))
next(Countdown(0, 'v'))
next(Countdown(0, 'e'))
next(Countdown(0, 'v'), 'default')
Countdown(0, 'v').__next__()
sum(Countdown(4)), sorted(Countdown(4)), max(Countdown(4))
4 in Countdown(5), 9 in Countdown(5)
a, *b = Countdown(3)
a, b
dict(zip(Countdown(2), Countdown(3)))
list(map(str, Countdown(2))), list(filter(None, Countdown(2)))
list(itertools.chain(Countdown(2), Iterable()))
list(itertools.islice(Countdown(5), 2))
def generator():
  result = yield from Countdown(2, 'v')
  yield result
list(generator())
Countdown()
Countdown('a')
Countdown.__next__(3)
Countdown.__next__, Countdown.__iter__
isinstance(c, collections.abc.Iterator), isinstance(c, collections.abc.Iterable)
class Sub(Countdown):
  def __next__(self): return 'sub', super().__next__()
list(Sub(2))
for_else = [x for x in Countdown(3) if x != 2]
for_else
list(Iterable())
iter(Iterable())
next(Iterable())
isinstance(Iterable(), collections.abc.Iterator), isinstance(Iterable(), collections.abc.Iterable)
list(BadIterable())
iter(BadIterable())
for x in BadIterable(): pass
[*BadIterable()]
1 in BadIterable()
""", collections=__import__("collections.abc"), itertools=__import__("itertools"))

rows("async", """
async def wait(what): return await what
drive(wait(Awaitable()))
drive(wait(BadIterable()))
drive(wait(Empty()))
isinstance(Awaitable(), collections.abc.Awaitable), inspect.isawaitable(Awaitable())
async def collect(what): return [x async for x in what]
drive(collect(AsyncIterator()), None, None, None, None, None)
drive(collect(BadIterable()))
drive(collect(Empty()))
aiter(AsyncIterator())
aiter(BadIterable())
anext(AsyncIterator())
drive(wait(anext(AsyncIterator())), None, None)
anext(BadIterable())
AsyncIterator().__aiter__()
AsyncIterator().__anext__()
isinstance(AsyncIterator(), collections.abc.AsyncIterator)
drive(wait(Sender()), None)
iter_send(Sender(), 1)
s = Sender()
iter_send(s, None), iter_send(s, 'a'), iter_send(s, None)
iter_send(Countdown(1), None)
iter_send(Countdown(0, 'v'), None)
iter_send(Countdown(0, 'e'), None)
class Sub(Awaitable):
  def __await__(self): return iter(['sub'])
drive(wait(Sub()), None)
list(itertools.islice(Sender(), 2))
sorted(vars(AsyncIterator)), sorted(vars(Sender)), sorted(vars(Awaitable))
Awaitable.__await__, AsyncIterator.__aiter__, AsyncIterator.__anext__
Awaitable.__await__(1)
""", drive=drive, collections=__import__("collections.abc"), inspect=__import__("inspect"),
     itertools=__import__("itertools"))

rows("calls", """
c = Caller()
c()
c(1, 2)
c(1, a=2)
c(*[1, 2], **{'x': 1})
c.__call__(1)
Caller.__call__(c, 1, b=2)
Caller.__call__(1)
Caller.__call__
callable(c), callable(Empty())
isinstance(c, collections.abc.Callable)
list(map(c, [1, 2]))
functools.partial(c, 1, a=2)(3)
class Sub(Caller):
  def __call__(self, *args, **kwargs): return 'sub', super().__call__(*args, **kwargs)
Sub()(1, k=2)
class Has:
  method = Caller()
Has().method(1)
v = Vector()
v()
v(1, 2)
v(1, a=2, b=3)
v(*[1, 2], **{'x': 1})
v.__call__(1)
list(map(v, [1, 2]))
functools.reduce(v, [1, 2, 3])
class SubVector(Vector):
  def __call__(self, *args): return 'sub', args
SubVector()(1)
class Plain(Vector): pass
Plain()(1, 2)
sorted(vars(Caller)), sorted(vars(Vector))
""", collections=__import__("collections.abc"), functools=__import__("functools"))

rows("descriptors", """
class Owner:
  got = Getter()
  both = Descriptor()
o = Owner()
o.got
Owner.got
o.both
Owner.both
o.both = 1
o.both = None
del o.both
o.got = 'own'
o.got
del o.got
o.got
o.__dict__['both'] = 'own'
o.both
class Sub(Owner): pass
Sub.got, Sub().got
super(Sub, Sub()).got
getattr(o, 'both', 'default')
Getter().__get__(o, Owner)
Getter().__get__(o)
Getter().__get__(None, Owner)
Getter().__get__(None, None)
Getter().__get__()
Getter().__get__(o, Owner, 1)
Descriptor().__set__(o, 5)
Descriptor().__set__(o)
Descriptor().__delete__(o)
Descriptor().__delete__()
hasattr(Getter(), '__set__'), hasattr(Descriptor(), '__set__')
inspect.isdatadescriptor(Descriptor()), inspect.isdatadescriptor(Getter()), inspect.ismethoddescriptor(Getter())
Getter.__get__, Descriptor.__set__, Descriptor.__delete__
class Named(Getter):
  def __set_name__(self, owner, name): self.name = name
class Uses:
  here = Named()
vars(Uses)['here'].name
class Overrides(Descriptor):
  def __get__(self, instance, owner=None): return 'mine'
class Uses:
  here = Overrides()
Uses().here
Uses().here = 4
""", inspect=__import__("inspect"))
