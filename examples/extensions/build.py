"""Build the extension modules of this folder. Needs cc and cargo, nothing else.

Run: cargo py examples/extensions/build.py [FOLDER]
The modules are written to FOLDER, or to the folder `build` beside this file.
"""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
HEADERS = [HERE / "include", HERE / "../../crates/capi/include"]
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Werror"]


def run(*command, **options):
    command = [str(part) for part in command]
    print("+", *command, flush=True)
    subprocess.run(command, check=True, **options)


def build_c(source, folder):
    """Compile one source file to a module. The interpreter defines its undefined symbols."""
    module = folder / (source.stem + ".abi3t.so")
    include = [part for headers in HEADERS for part in ("-I", headers)]
    compiler = os.environ.get("CC", "cc")
    run(compiler, *WARNINGS, "-O2", "-shared", "-fPIC", *include, "-o", module, source, "-lm")


def build_pyo3(crate, name, folder):
    """Build a PyO3 crate. Cargo reads `.cargo/config.toml` in the folder that it runs in."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", folder / "cargo")).absolute()
    cargo = os.environ.get("CARGO", "cargo")
    run(cargo, "build", "--quiet", "--locked", "--target-dir", target, cwd=crate)
    shutil.copyfile(target / "debug" / f"lib{name}.so", folder / f"{name}.abi3t.so")


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "build"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        build_c(HERE / "c_producer/statlib.c", folder)
        build_c(HERE / "c_consumer/textreport.c", folder)
        build_pyo3(HERE / "pyo3_module", "wordindex", folder)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"build.py: {error}")


main()
