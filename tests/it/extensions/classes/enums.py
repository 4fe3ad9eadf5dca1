"""Enums without fields and with fields."""

import operator

import kit
import pyo3_classes as p
from kit import refused


def variants_without_fields():
    c = p.Colour
    assert c.Red is c.Red and c.Red == c.Red and c.Red != c.Green and c.DARK_BLUE == 40
    assert c.Red == 1 and 1 == c.Red and c.Green != 1 and int(c.Green) == 2 and c.DARK_BLUE != "x"
    assert c.Red < c.Green < c.DARK_BLUE and hash(c.Red) == hash(p.Colour.Red)
    assert {c.Red: "r"}[c.Red] == "r" and c.DEFAULT is not None and c.DEFAULT == c.Green
    assert [v.letter for v in c.all()] == ["r", "g", "b"]
    assert c.Red.Green == c.Green and type(c.Red) is c
    print(c.Red, repr(c.DARK_BLUE), c)
    refused(TypeError, c)
    refused(TypeError, c, 1)
    refused(TypeError, operator.lt, c.Red, "x")
    refused(AttributeError, lambda: c.Purple)
    refused(AttributeError, setattr, c.Red, "letter", "x")
    refused(TypeError, type, "Sub", (c,), {})
    assert p.next_colour(c.Red) == c.Green and p.next_colour(c.DARK_BLUE) is p.next_colour(c.DARK_BLUE)
    refused(TypeError, p.next_colour, 1)


def variants_with_other_names():
    d = p.Direction
    assert repr(d.UP_WARDS) == "up" and str(d.DOWN_WARDS) == "down"
    assert d.UP_WARDS == d.UP_WARDS and d.UP_WARDS != d.DOWN_WARDS and d.UP_WARDS != 0
    refused(TypeError, hash, d.UP_WARDS)
    refused(TypeError, operator.lt, d.UP_WARDS, d.DOWN_WARDS)


def variants_with_fields_are_classes():
    s = p.Shape
    circle, box = s.Circle(2.0), s.Rectangle(width=3)
    assert type(circle) is s.Circle and isinstance(circle, s) and issubclass(s.Circle, s)
    assert circle.radius == 2.0 and circle.area() == 12.0 and (box.width, box.height) == (3.0, 1.0)
    assert s.Circle.__mro__ == (s.Circle, s, object) and s.Circle.__qualname__, s.Circle
    polygon = s.Polygon(5, "five")
    assert polygon._0 == 5 and polygon._1 == "five" and len(polygon) == 2 and polygon[1] == "five"
    refused(IndexError, operator.getitem, polygon, 2)
    assert s.Nothing().area() == 0.0 and len(s.Nothing()) == 0
    assert circle == s.Circle(2.0) and circle != s.Circle(3.0) and circle != box and circle != 1
    assert [c.__match_args__ for c in (s.Circle, s.Rectangle, s.Polygon)] == [
        ("radius",),
        ("width", "height"),
        ("_0", "_1"),
    ]
    refused(TypeError, s)
    refused(TypeError, s.Circle)
    refused(TypeError, s.Circle, "x")
    refused(TypeError, s.Circle, 1.0, 2.0)
    refused(AttributeError, setattr, circle, "radius", 1.0)
    refused(AttributeError, lambda: circle.width)
    refused(TypeError, type, "Sub", (s.Circle,), {})
    print(s, s.Circle, s.Polygon.__name__)


def variants_are_matched():
    def describe(shape):
        match shape:
            case p.Shape.Circle(radius=0.0):
                return "point"
            case p.Shape.Circle(radius):
                return f"circle {radius}"
            case p.Shape.Rectangle(width, height) if width == height:
                return "square"
            case p.Shape.Polygon(3, name):
                return f"triangle {name}"
            case p.Shape.Nothing():
                return "nothing"
            case p.Shape():
                return "another shape"
            case _:
                return "no shape"

    s = p.Shape
    shapes = s.Circle(0), s.Circle(2), s.Rectangle(1), s.Rectangle(1, 2), s.Polygon(3, "t"), s.Nothing()
    assert [*map(describe, (*shapes, 7))] == [
        "point",
        "circle 2.0",
        "square",
        "another shape",
        "triangle t",
        "nothing",
        "no shape",
    ]


def variants_cross_into_rust():
    s = p.Shape
    best = p.largest([s.Circle(1), s.Polygon(9, "nine"), s.Nothing()])
    assert type(best) is s.Polygon and best._1 == "nine"
    assert p.largest([]) is None
    refused(TypeError, p.largest, [1])


kit.run(globals())
