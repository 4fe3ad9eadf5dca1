"""The class of the rows of classes in Python; see `c/class/sample.c`."""


class Sample:
    __slots__ = ("member", "remaining", "bytes")

    def __init__(self):
        self.member = None
        self.remaining = 0
        self.bytes = bytearray(64)

    def noargs(self):
        return self

    def one(self, argument):
        return self

    def varargs(self, *arguments):
        return self

    def varargs_keywords(self, *arguments, **keywords):
        return self

    def fastcall(self, first, second):
        return self

    def fastcall_keywords(self, first, flag):
        return self

    def method(self, first, flag):
        return self

    @property
    def getter(self):
        return self.member

    def __len__(self):
        return 3

    def __getitem__(self, key):
        return self.member

    def __add__(self, other):
        return self

    def __eq__(self, other):
        return self is other

    def __hash__(self):
        return 271828

    def __iter__(self):
        return self

    def __next__(self):
        if self.remaining == 0:
            raise StopIteration
        self.remaining -= 1
        return self.member

    def __buffer__(self, flags):
        return memoryview(self.bytes)
