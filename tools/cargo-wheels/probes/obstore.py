"""obstore: stores in memory and in a folder, with and without await, readers, writers, errors."""

import asyncio
import datetime
import pathlib
import pickle
import tempfile
import threading

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, GenericError
from obstore.store import LocalStore, MemoryStore, S3Store, from_url


def refused(exceptions, function, *arguments, **keywords):
    try:
        function(*arguments, **keywords)
    except exceptions as error:
        return error
    raise AssertionError(f"{function} accepted {arguments}")


def names(batches):
    return sorted(meta["path"] for batch in batches for meta in batch)


def exercise(store):
    result = obstore.put(store, "a/one.txt", b"hello world")
    assert set(result) == {"e_tag", "version"}, result
    obstore.put(store, "a/two.bin", bytearray(range(256)))
    obstore.put(store, "b/three.txt", memoryview(b"..third..")[2:7])
    obstore.put(store, "b/four.txt", iter([b"fo", b"ur"]))

    got = obstore.get(store, "a/one.txt")
    assert got.meta["size"] == 11 and got.meta["path"] == "a/one.txt"
    assert got.meta["last_modified"].tzinfo is not None
    content = got.bytes()
    assert content == b"hello world" and bytes(content) == b"hello world"
    assert memoryview(content).readonly and memoryview(content)[4:7].tobytes() == b"o w"
    assert (
        len(content) == 11
        and content[0] == ord("h")
        and content.removesuffix(b"ld") == b"hello wor"
    )
    assert store.get("b/three.txt").bytes().to_bytes() == b"third"

    assert obstore.get_range(store, "a/two.bin", start=10, length=4).to_bytes() == bytes(
        [10, 11, 12, 13]
    )
    ranges = obstore.get_ranges(store, "a/two.bin", starts=[0, 250], ends=[3, 256])
    assert [bytes(part) for part in ranges] == [bytes([0, 1, 2]), bytes(range(250, 256))]
    part = obstore.get(store, "a/one.txt", options={"range": (6, 11)})
    assert part.bytes() == b"world" and part.range == (6, 11)

    chunks = [bytes(chunk) for chunk in obstore.get(store, "a/two.bin").stream(min_chunk_size=100)]
    assert b"".join(chunks) == bytes(range(256))

    assert names(obstore.list(store)) == ["a/one.txt", "a/two.bin", "b/four.txt", "b/three.txt"]
    assert names(obstore.list(store, "b", chunk_size=1)) == ["b/four.txt", "b/three.txt"]
    assert len(obstore.list(store).collect()) == 4
    tree = obstore.list_with_delimiter(store)
    assert sorted(tree["common_prefixes"]) == ["a", "b"] and tree["objects"] == []

    obstore.copy(store, "a/one.txt", "a/copy.txt")
    obstore.rename(store, "a/copy.txt", "c/moved.txt")
    assert obstore.head(store, "c/moved.txt")["size"] == 11
    assert isinstance(
        refused(
            AlreadyExistsError, obstore.copy, store, "a/one.txt", "c/moved.txt", overwrite=False
        ),
        BaseError,
    )
    refused(AlreadyExistsError, obstore.put, store, "c/moved.txt", b"", mode="create")

    missing = refused(FileNotFoundError, obstore.get, store, "no/such")
    assert "no/such" in str(missing)
    obstore.delete(store, ["c/moved.txt", "b/four.txt"])
    refused(FileNotFoundError, store.head, "c/moved.txt")

    with obstore.open_writer(store, "w/written.txt") as writer:
        assert writer.write(b"first line\n") == 11
        writer.write(b"second line\n" * 1000)
    assert writer.closed()
    reader = obstore.open_reader(store, "w/written.txt")
    assert bytes(reader.readline()) == b"first line\n"
    assert bytes(reader.read(6)) == b"second" and reader.tell() == 17
    assert reader.seek(-12, 2) == reader.size - 12 and bytes(reader.read()) == b"second line\n"

    refused(TypeError, obstore.put, store, 5, b"")
    refused((TypeError, ValueError), obstore.get_range, store, "a/one.txt", start=1)


async def exercise_async(store):
    await obstore.put_async(store, "x/1", b"one")
    await asyncio.gather(*(store.put_async(f"x/{i}", str(i).encode() * 1000) for i in range(2, 30)))
    results = await asyncio.gather(*(obstore.get_async(store, f"x/{i}") for i in range(2, 30)))
    contents = [bytes(await result.bytes_async()) for result in results]
    assert contents == [str(i).encode() * 1000 for i in range(2, 30)]
    assert bytes(await obstore.get_range_async(store, "x/1", start=1, end=3)) == b"ne"
    parts = [
        bytes(chunk)
        async for chunk in (await obstore.get_async(store, "x/7")).stream(min_chunk_size=300)
    ]
    assert b"".join(parts) == b"7" * 1000
    listed = [
        meta["path"] async for batch in obstore.list(store, "x", chunk_size=7) for meta in batch
    ]
    assert len(listed) == 29
    await obstore.rename_async(store, "x/1", "y/1")
    assert (await obstore.head_async(store, "y/1"))["size"] == 3
    try:
        await obstore.get_async(store, "x/1")
    except FileNotFoundError:
        pass
    else:
        raise AssertionError("a missing object was found")
    async with obstore.open_writer_async(store, "y/w") as writer:
        await writer.write(b"abc" * 100)
    reader = await obstore.open_reader_async(store, "y/w")
    assert bytes(await reader.read()) == b"abc" * 100
    await obstore.delete_async(store, [*(path for path in listed if path != "x/1"), "y/1", "y/w"])
    # A task that is cancelled while it waits does not disturb the others. It may write all the same.
    task = asyncio.ensure_future(obstore.put_async(store, "cancelled", b"z" * 1_000_000))
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass
    await obstore.put_async(store, "z", b"end")


def exercise_threads(store):
    failures = []

    def work(number):
        try:
            for i in range(50):
                obstore.put(store, f"t/{number}/{i}", bytes([number, i]))
                assert bytes(obstore.get(store, f"t/{number}/{i}").bytes()) == bytes([number, i])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    assert len(names(obstore.list(store, "t"))) == 200


with tempfile.TemporaryDirectory() as folder:
    for store in [MemoryStore(), LocalStore(folder)]:
        exercise(store)
        asyncio.run(exercise_async(store))
        exercise_threads(store)
        assert type(store).__name__ in repr(store), repr(store)
    assert pathlib.Path(folder, "a/one.txt").read_bytes() == b"hello world"

    local = LocalStore(folder)
    copy = pickle.loads(pickle.dumps(local))
    assert copy.prefix == local.prefix and bytes(copy.get("a/one.txt").bytes()) == b"hello world"
    assert from_url(f"file://{folder}").get("z").bytes() == b"end"

    source = pathlib.Path(folder, "upload.bin")
    source.write_bytes(b"\1\2\3" * 100_000)
    memory = MemoryStore()
    memory.put("from/path", source)
    with source.open("rb") as file:
        memory.put("from/file", file)
    assert memory.head("from/path")["size"] == memory.head("from/file")["size"] == 300_000

    refused(Exception, LocalStore, folder + "/none", mkdir=False)

# Made without a request; the signature is of SigV4.
s3 = S3Store(
    "bucket", region="eu-west-1", access_key_id="a", secret_access_key="b", skip_signature=False
)
assert "bucket" in repr(s3)
url = obstore.sign(s3, "GET", "object", datetime.timedelta(minutes=5))
assert "X-Amz-Signature=" in url and "bucket" in url
refused(BaseError, S3Store, "bucket", unknown_setting=True)


class Named(MemoryStore):
    """A subclass in Python, with an attribute."""

    def size(self, path):
        return self.head(path)["size"]


named = Named()
named.name = "mine"
named.put("k", b"v")
assert named.name == "mine" and isinstance(named, MemoryStore) and named.size("k") == 1

raw = obstore.Bytes(b"abcabc")
assert raw + b"d" == b"abcabcd" and raw.removeprefix(b"abc") == b"abc"
assert (
    raw.upper() == b"ABCABC" and b"ca" in raw and raw[1:3] == b"bc" and raw.isalpha() and repr(raw)
)
assert issubclass(GenericError, BaseError)
