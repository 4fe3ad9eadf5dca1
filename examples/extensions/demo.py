"""Modules in C, in Rust with PyO3 and in Python call one another through capsules, on a real text.

Build the modules once, then run:
    cargo py examples/extensions/build.py
    cargo py examples/extensions/demo.py [FILE]
In the program of examples/embedding, its own native modules take part too:
    cargo run --ignore-rust-version --bin embedding-python -- examples/extensions/demo.py
"""

import array
import collections
import gc
import pathlib
import re
import sys

import _capsule

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE / "build"))
# The modules write to standard output directly, not through Python's buffer.
sys.stdout.reconfigure(line_buffering=True)


def step(title):
    print(f"\n# {title}")


def say(who, *what):
    print(f"{who + ':':11}", *what)


def show(who, capsule):
    """Print what is known of a capsule: its name, its pointer, and what is at that address."""
    info = _capsule.describe(capsule)
    library = pathlib.Path(info.library).name if info.library else "memory"
    place = f"{info.symbol} in {library}" if info.symbol else f"in {library}"
    say(who, f"{info.name} -> {info.pointer:#x} {place}, destructor {info.destructor}")


def numbers(summary):
    return " ".join(f"{number:.1f}" for number in summary)


import statlib
import textreport
import wordindex

try:
    import bytesearch
    import scanner
except ImportError:
    bytesearch = None

text = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else HERE / "../../LICENSE").read_bytes()
words = re.findall(rb"[A-Za-z]+", text)
word = collections.Counter(words).most_common(1)[0][0]

step("A C module publishes a table of functions, and another C module has imported it")
show("statlib", statlib._C_API)
show("textreport", textreport.table())
say("same", textreport.table() is statlib._C_API)

step("C makes data, and C uses it: a sample of the lengths of lines")
sample = statlib.line_lengths(text)
show("statlib", sample)
say("textreport", numbers(textreport.summary(sample)))
print(textreport.histogram(sample))
del sample

step("Rust makes data and calls C: an index of words, whose lengths statlib summarizes")
show("wordindex", wordindex._C_API)
index = wordindex.build(text)
show("wordindex", index)
say("wordindex", numbers(wordindex.lengths(index)))

step(f"C calls Rust, and then C: the distances between the occurrences of {word.decode()!r}")
say("textreport", numbers(textreport.gaps(index, word)))
del index

step("Rust makes a class, and Python extends it: words and how often each occurs")


class Vocabulary(wordindex.Vocabulary):
    def most_common(self):
        return max(self, key=self.__getitem__)

    def __len__(self):
        return sum(map(self.__getitem__, self))


vocabulary = Vocabulary(text.decode())
say("wordindex", vocabulary)
say("python", len(vocabulary), repr(vocabulary.most_common()), vocabulary["the"], "zebra" in vocabulary)
say("wordindex", vocabulary | wordindex.Vocabulary("Capsules and dates"))
try:
    vocabulary["zebra"]
except KeyError as error:
    say("wordindex", f"{type(error).__name__}: {error}")

step("Python makes data, and C uses it: the lengths of the words, in arrays that the capsule owns")
values = array.array("d", map(len, words))
header = array.array("Q", [len(values), values.buffer_info()[0]])
sample = _capsule.new(
    header.buffer_info()[0],
    "statlib.Sample",
    lambda capsule: say("python", "the sample is destroyed"),
    owner=(header, values),
)
del header, values
show("python", sample)
say("textreport", numbers(textreport.summary(sample)))
del sample

step("A capsule with another name is refused, in any language")
wrong = _capsule.new(1, "something.else")
for function in statlib.mean, wordindex.lengths:
    try:
        function(wrong)
    except ValueError as error:
        say(function.__module__, f"{type(error).__name__}: {error}")
        say("note", *error.__notes__)

if bytesearch is None:
    step("The modules of examples/embedding are not part of this program")
else:
    step("C calls the program's own Rust, and that calls C")
    show("bytesearch", bytesearch._C_API)
    say("textreport", textreport.count(text, word))
    say("scanner", numbers(scanner.gaps(text, word)))

step("The producer is deleted, but the consumer holds the capsule, so the table stays valid")
sample = statlib.line_lengths(text)
where = _capsule.describe(statlib._C_API).pointer
del sys.modules["statlib"], statlib, function
gc.collect()
say("imported", "statlib" in sys.modules)
say("same place", _capsule.describe(textreport.table()).pointer == where)
say("textreport", numbers(textreport.summary(sample)))
del sample

step("The consumer is deleted and drops the capsule; now the producer's destructor runs")
del sys.modules["textreport"], textreport
gc.collect()
say("python", "done")
