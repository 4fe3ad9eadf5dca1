"""Runs the driver's random program: random_calls.py FOLDER STEPS SEED... FOLDER has the driver, and gets
a file SEED.txt for each seed."""

import os
import sys
import types

folder, steps, *seeds = sys.argv[1:]
sys.path.insert(0, folder)

import capsule_driver as driver


def ignore(*arguments):
    pass


def call_plainly(function):
    try:
        function()
    except BaseException as error:
        return error


def call_in_except(function):
    try:
        raise LookupError("handled")
    except LookupError:
        try:
            function()
        except BaseException as error:
            return error


def unwind():
    ignore(driver.make_temporary(), 1 / 0)


driver.found = driver.capsule(b"capsule_driver.found")
driver.namespace = types.SimpleNamespace(found=driver.capsule(b"capsule_driver.namespace.found"))
driver.unnamed = driver.capsule(None)
driver.misnamed = driver.capsule(b"another")
driver.number = 5
sys.modules["barred"] = None
sys.unraisablehook = lambda unraisable: driver.record_unraisable(unraisable.exc_value)
driver.prepare(
    1000003, None, "text", int, type(driver.found),
    call_plainly, call_in_except, unwind, ignore,
)
for seed in seeds:
    driver.run(int(seed), int(steps), os.path.join(folder, seed + ".txt"))
