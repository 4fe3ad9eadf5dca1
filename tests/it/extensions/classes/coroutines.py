"""Async functions and methods, and classes that can be awaited."""

import asyncio
import collections.abc
import inspect

import kit
import pyo3_classes as p
from kit import CPYTHON, refused


def _run(awaitable):
    async def main():
        return await awaitable

    return asyncio.run(main())


def async_functions():
    assert _run(p.later("x", 0)) == "x" and _run(p.later([1], 5)) == [1]
    assert _run(p.nap()) == "rested"
    refused(ValueError, _run, p.fail_later("afterwards"))
    c = p.later(1, 1)
    print(type(c).__name__, c.__name__, c.__qualname__)
    assert isinstance(c, collections.abc.Awaitable) and isinstance(c, collections.abc.Coroutine)
    assert inspect.isawaitable(c)
    _run(c)
    refused(RuntimeError, _run, c)
    c = p.later(1, 1)
    c.close()
    refused(RuntimeError, _run, c)


def a_panic_in_an_async_function():
    try:
        _run(p.panic_later())
    except BaseException as error:
        assert type(error).__name__ == "PanicException", error
        print(error)
    else:
        raise AssertionError("nothing was raised")


def many_at_once():
    async def main():
        results = await asyncio.gather(*(p.later(n, n % 7) for n in range(50)), p.nap(), p.nap())
        task = asyncio.create_task(p.later("task", 3))
        return results, await task, await asyncio.wait_for(p.later("in time", 2), 60)

    results, *others = asyncio.run(main())
    assert results == [*range(50), "rested", "rested"] and others == ["task", "in time"]


def cancelling():
    async def main():
        task = asyncio.create_task(p.later("never", 1_000_000))
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        else:
            raise AssertionError("not cancelled")
        task = asyncio.create_task(p.until_cancelled())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        return await task

    assert type(asyncio.run(main())) is asyncio.CancelledError


def async_methods():
    c = p.Clock()
    assert _run(c.tick(3)) == 3 and c.ticks == 3 and _run(c.read()) == 3
    assert _run(p.Clock.made()).ticks == 100
    print(c.tick(1).__qualname__, p.Clock.made().__qualname__)

    async def main():
        task = asyncio.create_task(c.tick(5))
        await asyncio.sleep(0)
        refused(RuntimeError, lambda: c.ticks)
        return await task

    assert asyncio.run(main()) == 8

    async def both():
        return await asyncio.gather(c.read(), c.read())

    assert asyncio.run(both()) == [8, 8]


def a_class_that_can_be_awaited():
    assert _run(p.Ready(5)) == 5

    async def twice():
        r = p.Ready(6)
        return await r, inspect.isawaitable(r), await asyncio.ensure_future(p.Ready(7))

    assert asyncio.run(twice()) == (6, True, 7)
    assert isinstance(p.Ready(1), collections.abc.Awaitable) and p.Ready(1).__await__()
    refused(TypeError, _run, p.Empty())
    refused(TypeError, p.Ready.__await__, 3)


def an_asynchronous_iterator():
    async def main():
        found = [value async for value in p.Ticks(4)]
        late = p.Ticks(2)
        found.append(await anext(late))
        found.append(await anext(aiter(late)))
        # With a default, RustPython's `anext` takes only awaitables that have `send`.
        found.append(await anext(p.Ticks(8), "end") if CPYTHON else 7)
        async for _ in p.Ticks(99):
            raise AssertionError("stopped by an exception")
        return found

    assert asyncio.run(main()) == [3, 2, 1, 0, 1, 0, 7]
    assert isinstance(p.Ticks(1), collections.abc.AsyncIterator)
    refused(StopAsyncIteration, p.Ticks(0).__anext__)
    refused(TypeError, p.Ticks.__anext__, 3)
    refused(TypeError, aiter, p.Empty())
    refused(TypeError, anext, p.Empty())


kit.run(globals())
