"""ast_serialize: parses Python into the bytes from which mypy makes its syntax trees."""

import pathlib
import tempfile
import threading

import ast_serialize

PROGRAM = '''
import os  # type: ignore[attr-defined]
# mypy: strict

class Point[T]:
    """A point."""
    def __init__(self, x: "list[int]", y: T = 3.5) -> None:
        self.x, self.y = x, y

async def area(points: dict[str, Point[int]], /, *rest: int, **names: str) -> float | None:
    match points:
        case {"a": Point(x=[first, *_])} if first > 2:
            return sum([p.y ** 2 for p in points.values() if p]) + 0x10
        case _:
            return None
'''

tree, errors, ignores, imports, data = ast_serialize.parse("point.py", PROGRAM)
assert type(tree) is bytes and len(tree) > 300, len(tree)
assert errors == []
assert ignores == [(2, ["attr-defined"])]
assert type(imports) is bytes and b"os" in imports
assert data["mypy_comments"] == [(3, "strict")]
assert data["is_partial_package"] is False and data["uses_template_strings"] is False
for name in (b"Point", b"A point.", b"area", b"values"):
    assert name in tree, name

# The same text gives the same bytes; another text gives another hash.
again = ast_serialize.parse("point.py", PROGRAM.encode())
assert again[0] == tree and again[4]["source_hash"] == data["source_hash"]
other = ast_serialize.parse("point.py", PROGRAM + "\nz = 1\n")
assert other[0] != tree and other[4]["source_hash"] != data["source_hash"]

# Bodies can be left out, and branches that another platform takes.
short = ast_serialize.parse("point.py", PROGRAM, skip_function_bodies=True)
assert len(short[0]) < len(tree)
platforms = "import sys\nif sys.platform == 'win32':\n    import winreg\nelse:\n    import pwd\n"
windows = ast_serialize.parse("p.py", platforms, platform="win32", python_version=(3, 12))
linux = ast_serialize.parse("p.py", platforms, platform="linux", python_version=(3, 12))
assert windows[3] != linux[3]

# Errors are values, and wrong arguments are exceptions.
_, errors, *_ = ast_serialize.parse("broken.py", "def f(:\n    pass\n")
assert errors and errors[0]["line"] == 1 and errors[0]["message"], errors
for arguments, exception in [
    ((), TypeError),
    (("x.py", 5), TypeError),
    (("/no/such/file.py",), ValueError),
]:
    try:
        ast_serialize.parse(*arguments)
    except exception:
        pass
    else:
        raise AssertionError(f"parse{arguments} was accepted")

assert len(ast_serialize.parse_type_string("dict[str, int | None]", (1, 0, 1, 21))) > 10

# A file, and a large one on several threads.
large = "\n".join(f"def f{i}(x: int) -> int:\n    return x + {i}" for i in range(5000))
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder, "large.py")
    path.write_text(large)
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(ast_serialize.parse(str(path))[0]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
assert len(results) == 4 and len(set(results)) == 1 and len(results[0]) > 100_000
