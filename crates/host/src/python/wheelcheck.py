"""Tells whether wheels and libraries can work in this interpreter, before any of their code runs.

    capsule-python -m wheelcheck [--table] FILE-OR-NAME...

An argument is a wheel, a shared library, a folder with shared libraries, or the name of a
distribution or a module that is installed. The exit code is 0 if everything can work, 1 if
something cannot, and 2 if an argument is none of these.

With --table it prints only one line for each library: its file, how many functions and how many
data symbols of the C API it needs, and the names of those that are missing, with tabs between.
"""

import itertools
import os
import re
import sys
from importlib.machinery import EXTENSION_SUFFIXES

STABLE_ABI = (3, 15)
"""The newest version of the stable ABI that the loader accepts."""

ADVICE = (
    "Look for a wheel with abi3t in its name, or build one: with PyO3, the feature abi3t-py315; in "
    "C, the headers of this interpreter, or those of CPython 3.15 with Py_TARGET_ABI3T=0x030f0000"
)

MISSING_ADVICE = (
    "The C API of this interpreter lacks them, so the library cannot be loaded. docs/extensions.md "
    "says what to call instead in a library of your own"
)


SEALED_ADVICE = "Run it without CAPSULE_PYTHON_SEALED=1, or in a program whose capsules are open"


def abi3t_interpreters():
    """The interpreter tags of wheels for the stable ABI, the best first: CPython 3.15 and older."""
    major, newest = STABLE_ABI
    return [f"cp{major}{minor}" for minor in range(newest, 1, -1)]


# Wheels.


def tags_of(file):
    """The tags of a wheel, from the name of its file; None if it is not named as a wheel is."""
    parts = file.removesuffix(".whl").split("-")
    if len(parts) not in (5, 6):
        return None
    return list(itertools.product(*(part.split(".") for part in parts[-3:])))


def problem_of_tag(interpreter, abi, platform):
    """Why a wheel with this tag cannot work here, or None."""
    return problem_of_abi(interpreter, abi) or problem_of_platform(platform)


def problem_of_abi(interpreter, abi):
    major, newest = STABLE_ABI
    versions = re.fullmatch(r"(cp|py)(\d)(\d*)", interpreter)
    if versions is None:
        return f"it is built for another interpreter, {interpreter}"
    kind, minor = versions[1], int(versions[3] or 0)
    version = f"{versions[2]}.{versions[3]}".rstrip(".")
    if int(versions[2]) != major:
        return f"it is for Python {version}"
    if kind == "py" and abi == "none":
        language = sys.version_info[1]
        if minor > language:
            return f"it needs Python {version}, and the language here is that of {major}.{language}"
        return None
    if abi == "abi3t":
        if minor > newest:
            return f"it needs the ABI of Python {version}, and the newest here is {major}.{newest}"
        return None
    if abi == "abi3":
        return "it is built for interpreters with a GIL (abi3), and this one has none"
    return f"it is built for CPython {version} alone ({abi})"


MANYLINUX = {
    "manylinux1": "manylinux_2_5",
    "manylinux2010": "manylinux_2_12",
    "manylinux2014": "manylinux_2_17",
}
"""What the older names of platforms stand for."""


def problem_of_platform(platform):
    import platform as machine
    import sysconfig

    here = re.sub(r"\W", "_", sysconfig.get_platform())
    if platform in ("any", here):
        return None
    name, _, processor = platform.partition("_")
    if name in MANYLINUX:
        platform = f"{MANYLINUX[name]}_{processor}"
    linux = re.fullmatch(r"manylinux_(\d+)_(\d+)_(.+)", platform)
    if linux is None or here != f"linux_{linux[3]}":
        return f"it is built for {platform}, and this is {here}"
    library, version = machine.libc_ver()
    if library != "glibc":
        return "it needs the GNU C library"
    present = [int(part) for part in version.split(".")[:2]]
    if [int(linux[1]), int(linux[2])] > present:
        return f"it needs glibc {linux[1]}.{linux[2]}, and this system has {version}"
    return None


# Libraries.

DATA = re.compile(
    r"(?!PyObject_Type$)(PyExc_|Py_?\w+_Type$|Py_GenericAliasType$|_Py\w+(Type|Struct|Object)$)"
)
"""The data symbols of the C API. ELF does not tell what an undefined symbol is."""


def is_data(symbol):
    return DATA.match(symbol) is not None


class Library:
    """What a shared library needs from the interpreter."""

    def __init__(self, path, name):
        import _wheelcheck

        self.name = name
        self.module = os.path.basename(name).partition(".")[0]
        entries = [f"PyModExport_{self.module}", f"PyInit_{self.module}"]
        self.machine_fits, self.needed, undefined, entries = _wheelcheck.read(path, entries)
        self.entry = entries[0] if entries else None
        symbols = sorted(symbol for symbol in undefined if symbol.startswith(("Py", "_Py")))
        self.data = [symbol for symbol in symbols if is_data(symbol)]
        self.functions = [symbol for symbol in symbols if not is_data(symbol)]
        self.missing = [symbol for symbol in symbols if not _wheelcheck.offers(symbol)]

    def is_extension(self):
        return bool(self.entry or self.functions or self.data)

    def problems(self):
        """Pairs of what is wrong and what to do about it."""
        if not EXTENSION_SUFFIXES:
            yield (
                "this interpreter loads no libraries, since its capsules are sealed",
                SEALED_ADVICE,
            )
            return
        if not self.machine_fits:
            yield "built for another kind of processor", "Look for a wheel for this machine"
            return
        for other in self.needed:
            if other.startswith("libpython"):
                yield (
                    f"linked with another Python, {other}",
                    "Link it without libpython: the interpreter has the functions of the C API",
                )
        if self.entry is None:
            yield (
                f"no entry point PyModExport_{self.module}",
                "Name the file after the module that it was built as",
            )
        elif self.entry.startswith("PyInit_"):
            yield (
                f"{self.entry} is the entry point of modules for CPython, which read its objects",
                ADVICE,
            )
        elif not self.has_known_suffix():
            yield "import does not look for a file of this name", f"Name it {self.module}.abi3t.so"
        for kind, known in (("functions", self.functions), ("data symbols", self.data)):
            missing = [name for name in known if name in self.missing]
            if missing:
                yield f"missing {kind} ({len(missing)}): {', '.join(missing)}", MISSING_ADVICE

    def has_known_suffix(self):
        base = os.path.basename(self.name)
        return base[base.index(".") :] in EXTENSION_SUFFIXES


# Arguments.


class Subject:
    """What an argument names: a title, tags if it is a wheel, libraries, and requirements."""

    def __init__(self, title, tags, libraries, requirements):
        self.title, self.tags, self.libraries, self.requirements = (
            title,
            tags,
            libraries,
            requirements,
        )


def wheel(path):
    import tempfile
    import zipfile

    if not zipfile.is_zipfile(path):
        raise ValueError("it is not a wheel, which is a zip file")
    requirements = []
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
        names = archive.namelist()
        libraries = [
            Library(archive.extract(name, folder), name) for name in names if is_library(name)
        ]
        for name in names:
            if re.fullmatch(r"[^/]+\.dist-info/METADATA", name):
                requirements = requirements_in(archive.read(name).decode())
    file = os.path.basename(path)
    return Subject(file, tags_of(file), libraries, requirements)


def requirements_in(metadata):
    """The distributions that are always needed, from the metadata of one."""
    lines = metadata.partition("\n\n")[0].splitlines()
    lines = [line.partition(":")[2].strip() for line in lines if line.startswith("Requires-Dist:")]
    return [line for line in lines if not re.search(r";.*\bextra\b", line)]


def installed(name):
    """The distribution or the module of this name, or None."""
    from importlib import metadata, util

    try:
        distribution = metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError):
        spec = util.find_spec(name) if re.fullmatch(r"\w+", name) else None
        if spec is None or not spec.has_location and not spec.submodule_search_locations:
            return None
        places = spec.submodule_search_locations or [spec.origin]
        files = [file for place in places for file in files_in(place)]
        return Subject(name, None, [Library(file, file) for file in files], [])
    files = [file for file in distribution.files or () if is_library(str(file))]
    libraries = [Library(str(distribution.locate_file(file)), str(file)) for file in files]
    wheel_file = distribution.read_text("WHEEL") or ""
    tags = [tuple(tag.split("-")) for tag in re.findall(r"^Tag: (\S+-\S+-\S+)$", wheel_file, re.M)]
    title = f"{distribution.name} {distribution.version}"
    return Subject(
        title,
        tags or None,
        libraries,
        requirements_in(str(distribution.read_text("METADATA") or "")),
    )


def files_in(place):
    """The libraries in a folder, or the file itself."""
    if os.path.isfile(place):
        return [place] if is_library(place) else []
    return sorted(
        os.path.join(folder, file)
        for folder, _, files in os.walk(place)
        for file in files
        if is_library(file)
    )


def is_library(name):
    return re.search(r"\.so(\.[\d.]+)?$", name) is not None


def subject(argument):
    if argument.endswith(".whl") and os.path.isfile(argument):
        return wheel(argument)
    if os.path.isfile(argument) and is_library(argument):
        return Subject(argument, None, [Library(argument, argument)], [])
    if os.path.isdir(argument):
        return Subject(argument, None, [Library(file, file) for file in files_in(argument)], [])
    return installed(argument)


# Reports.


def say(text, indent):
    """Prints a text in lines of a readable width. All but the first are indented more."""
    import textwrap

    print(
        textwrap.fill(
            text,
            100,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + 2),
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def report(subject):
    """Prints what was found. Returns whether the subject can work."""
    print(subject.title)
    told = set()

    def tell(problems, indent):
        for problem, advice in problems:
            say(problem, indent)
            if advice not in told:
                say(f"{advice}.", indent + 2)
            told.add(advice)

    libraries = [library for library in subject.libraries if library.is_extension()]
    problems = []
    if subject.tags is not None:
        fitting = [tag for tag in subject.tags if problem_of_tag(*tag) is None]
        interpreter, abi, platform = fitting[0] if fitting else subject.tags[-1]
        say(f"tag: {interpreter}-{abi}-{platform}", 2)
        if not fitting:
            advice = (
                ADVICE if problem_of_abi(interpreter, abi) else "Look for a wheel for this machine"
            )
            problems.append((problem_of_tag(interpreter, abi, platform), advice))
            tell(problems, 2)
    for library in libraries:
        say(library.name, 2)
        say(f"entry point: {library.entry or 'none'}", 4)
        functions, data = len(library.functions), len(library.data)
        missing = f"{len(library.missing)} are missing" if library.missing else "all are here"
        say(f"needs {functions} functions and {data} data symbols of the C API; {missing}", 4)
        found = list(library.problems())
        tell(found, 4)
        problems += found
    if not libraries:
        say("it has no library that uses the C API", 2)
    if subject.requirements:
        say(f"it also requires {'; '.join(subject.requirements)}", 2)
    say("it cannot work here" if problems else "it can work here", 2)
    return not problems


def table(subject):
    for library in subject.libraries:
        if library.is_extension():
            print(
                library.name,
                len(library.functions),
                len(library.data),
                ",".join(library.missing),
                sep="\t",
            )
    return not any(library.missing for library in subject.libraries)


def main(arguments):
    show = table if "--table" in arguments else report
    names = [argument for argument in arguments if argument != "--table"]
    if not names or any(name.startswith("-") for name in names):
        print(__doc__)
        return 0 if names in (["-h"], ["--help"]) else 2
    code = 0
    for name in names:
        try:
            found = subject(name)
        except (ImportError, OSError, ValueError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            code = 2
            continue
        if found is None:
            print(
                f"{name}: no wheel, no library, and nothing of this name is installed",
                file=sys.stderr,
            )
            code = 2
        elif not show(found):
            code = code or 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
