"""A collection at every allocation: always.py FOLDER."""

import gc
import io
import os
import sys

sys.dont_write_bytecode = True
sys.path[:0] = [sys.argv[1], os.path.dirname(os.path.dirname(os.path.realpath(__file__)))]

import class_driver
import telling

said = []


def quiet(topic, statement, names):
    said.append((topic, statement, telling.answer(statement, names)))
    class_driver.take_events()


telling.row = quiet
gc.collect()
gc.freeze()
gc.set_threshold(1, 1, 1)

import iterating
import inheriting
import living

gc.set_threshold(700, 10, 10)
topics = {topic for topic, _, _ in said}
print(len(said) > 450, sorted(topics))
