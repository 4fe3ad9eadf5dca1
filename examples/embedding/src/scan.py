from time import perf_counter

import bytesearch
import scanner


def scan_from_python(haystack, needle):
    offsets = []
    offset = bytesearch.find(haystack, needle, 0)
    while offset >= 0:
        offsets.append(offset)
        offset = bytesearch.find(haystack, needle, offset + 1)
    return offsets


def timed(scan):
    start = perf_counter()
    offsets = scan(haystack, needle)
    return offsets, perf_counter() - start


through_capsule, capsule_time = timed(scanner.scan)
through_python, python_time = timed(scan_from_python)
assert through_capsule == through_python

SHOWN = 5
print(f"{len(through_capsule)} matches of {needle.decode(errors='replace')!r} in {len(haystack):,} bytes")
for offset in through_capsule[:SHOWN]:
    start = haystack.rfind(b"\n", 0, offset) + 1
    end = haystack.find(b"\n", offset)
    number = haystack.count(b"\n", 0, offset) + 1
    line = haystack[start : end if end >= 0 else len(haystack)]
    print(f"{number:6}: {line.decode(errors='replace')[:80]}")
if len(through_capsule) > SHOWN:
    print(f"        and {len(through_capsule) - SHOWN} more")
print(f"through the capsule:  {capsule_time * 1e6:10,.0f} us")
print(f"calls from Python:    {python_time * 1e6:10,.0f} us ({python_time / capsule_time:.1f} times as long)")
