/* Classes with the slots of numbers. Each function answers with its name and the classes of its
   arguments, so that a script sees which one was called, and how. */

#include "class_driver.h"

#define BINARY(name)                                                                               \
    static PyObject *number_##name(PyObject *left, PyObject *right)                                \
    {                                                                                              \
        return text("%s(%s, %s)", #name, kind(left), kind(right));                                 \
    }
#define TERNARY(name)                                                                              \
    static PyObject *number_##name(PyObject *left, PyObject *right, PyObject *third)               \
    {                                                                                              \
        return text("%s(%s, %s, %s)", #name, kind(left), kind(right), kind(third));                \
    }
#define UNARY(name)                                                                                \
    static PyObject *number_##name(PyObject *self)                                                 \
    {                                                                                              \
        return text("%s(%s)", #name, kind(self));                                                  \
    }

BINARY(add) BINARY(subtract) BINARY(multiply) BINARY(matrix_multiply) BINARY(true_divide)
BINARY(floor_divide) BINARY(remainder) BINARY(divmod) BINARY(lshift) BINARY(rshift) BINARY(and)
BINARY(or) BINARY(xor) BINARY(inplace_add) BINARY(inplace_subtract) BINARY(inplace_multiply)
BINARY(inplace_matrix_multiply) BINARY(inplace_true_divide) BINARY(inplace_floor_divide)
BINARY(inplace_remainder) BINARY(inplace_lshift) BINARY(inplace_rshift) BINARY(inplace_and)
BINARY(inplace_or) BINARY(inplace_xor)
TERNARY(power) TERNARY(inplace_power)
UNARY(negative) UNARY(positive) UNARY(absolute) UNARY(invert)

static PyObject *number_int(PyObject *self)
{
    event("int(%s)", kind(self));
    return PyLong_FromLong(42);
}

static PyObject *number_float(PyObject *self)
{
    event("float(%s)", kind(self));
    return PyFloat_FromDouble(4.5);
}

static PyObject *number_index(PyObject *self)
{
    event("index(%s)", kind(self));
    return PyLong_FromLong(2);
}

static int number_bool(PyObject *self)
{
    event("bool(%s)", kind(self));
    return 0;
}

static PyType_Slot number_slots[] = {
    SLOT(Py_tp_doc, "A number with all slots."),
    SLOT(Py_nb_add, number_add),
    SLOT(Py_nb_subtract, number_subtract),
    SLOT(Py_nb_multiply, number_multiply),
    SLOT(Py_nb_matrix_multiply, number_matrix_multiply),
    SLOT(Py_nb_true_divide, number_true_divide),
    SLOT(Py_nb_floor_divide, number_floor_divide),
    SLOT(Py_nb_remainder, number_remainder),
    SLOT(Py_nb_divmod, number_divmod),
    SLOT(Py_nb_lshift, number_lshift),
    SLOT(Py_nb_rshift, number_rshift),
    SLOT(Py_nb_and, number_and),
    SLOT(Py_nb_or, number_or),
    SLOT(Py_nb_xor, number_xor),
    SLOT(Py_nb_power, number_power),
    SLOT(Py_nb_negative, number_negative),
    SLOT(Py_nb_positive, number_positive),
    SLOT(Py_nb_absolute, number_absolute),
    SLOT(Py_nb_invert, number_invert),
    SLOT(Py_nb_int, number_int),
    SLOT(Py_nb_float, number_float),
    SLOT(Py_nb_index, number_index),
    SLOT(Py_nb_bool, number_bool),
    SLOT(Py_nb_inplace_add, number_inplace_add),
    SLOT(Py_nb_inplace_subtract, number_inplace_subtract),
    SLOT(Py_nb_inplace_multiply, number_inplace_multiply),
    SLOT(Py_nb_inplace_matrix_multiply, number_inplace_matrix_multiply),
    SLOT(Py_nb_inplace_true_divide, number_inplace_true_divide),
    SLOT(Py_nb_inplace_floor_divide, number_inplace_floor_divide),
    SLOT(Py_nb_inplace_remainder, number_inplace_remainder),
    SLOT(Py_nb_inplace_lshift, number_inplace_lshift),
    SLOT(Py_nb_inplace_rshift, number_inplace_rshift),
    SLOT(Py_nb_inplace_and, number_inplace_and),
    SLOT(Py_nb_inplace_or, number_inplace_or),
    SLOT(Py_nb_inplace_xor, number_inplace_xor),
    SLOT(Py_nb_inplace_power, number_inplace_power),
    {0, NULL},
};
static PyType_Spec number_spec = {"class_driver.Number", 0, 0,
                                  Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, number_slots};

/* ---- Operators that refuse operands of other classes ---- */

static PyTypeObject *picky_type;

#define PICKY(name)                                                                                \
    static PyObject *picky_##name(PyObject *left, PyObject *right)                                 \
    {                                                                                              \
        event("%s(%s, %s)", #name, kind(left), kind(right));                                       \
        if (!PyObject_TypeCheck(left, picky_type) || !PyObject_TypeCheck(right, picky_type)) {     \
            return Py_NewRef(Py_NotImplemented);                                                   \
        }                                                                                          \
        return text("picky %s", #name);                                                            \
    }

PICKY(add) PICKY(subtract) PICKY(multiply) PICKY(inplace_add)

static PyObject *picky_power(PyObject *left, PyObject *right, PyObject *third)
{
    event("power(%s, %s, %s)", kind(left), kind(right), kind(third));
    return Py_NewRef(Py_NotImplemented);
}

static PyObject *picky_divide(PyObject *left, PyObject *right)
{
    event("true_divide(%s, %s)", kind(left), kind(right));
    PyErr_SetString(PyExc_ZeroDivisionError, "from C");
    return NULL;
}

static PyObject *picky_int(PyObject *self)
{
    return PyUnicode_FromString(kind(self));
}

static int picky_bool(PyObject *self)
{
    (void)self;
    PyErr_SetString(PyExc_ValueError, "neither true nor false");
    return -1;
}

/* Equal to every Picky; ordered with none. */
static PyObject *picky_compare(PyObject *self, PyObject *other, int operation)
{
    event("compare(%s, %s, %d)", kind(self), kind(other), operation);
    if (operation > Py_NE || operation < Py_EQ || !PyObject_TypeCheck(other, picky_type)) {
        return Py_NewRef(Py_NotImplemented);
    }
    return PyBool_FromLong(operation == Py_EQ);
}

static PyType_Slot picky_slots[] = {
    SLOT(Py_nb_add, picky_add),
    SLOT(Py_nb_subtract, picky_subtract),
    SLOT(Py_nb_multiply, picky_multiply),
    SLOT(Py_nb_inplace_add, picky_inplace_add),
    SLOT(Py_nb_power, picky_power),
    SLOT(Py_nb_true_divide, picky_divide),
    SLOT(Py_nb_int, picky_int),
    SLOT(Py_nb_float, picky_int),
    SLOT(Py_nb_index, picky_int),
    SLOT(Py_nb_bool, picky_bool),
    SLOT(Py_tp_richcompare, picky_compare),
    {0, NULL},
};
static PyType_Spec picky_spec = {"class_driver.Picky", 0, 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, picky_slots};

/* ---- Comparison and hash of a value ---- */

static PyTypeObject *value_type;

static double value_of(PyObject *self)
{
    return *(double *)PyObject_GetTypeData(self, value_type);
}

static int value_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    if (kwargs != NULL || PyTuple_Size(args) != 1) {
        PyErr_SetString(PyExc_TypeError, "Value takes one number");
        return -1;
    }
    const double value = PyFloat_AsDouble(PyTuple_GetItem(args, 0));
    if (value == -1.0 && PyErr_Occurred() != NULL) {
        return -1;
    }
    *(double *)PyObject_GetTypeData(self, value_type) = value;
    return 0;
}

static PyObject *value_compare(PyObject *self, PyObject *other, int operation)
{
    if (!PyObject_TypeCheck(other, value_type)) {
        return Py_NewRef(Py_NotImplemented);
    }
    Py_RETURN_RICHCOMPARE(value_of(self), value_of(other), operation);
}

static Py_hash_t value_hash(PyObject *self)
{
    const double value = value_of(self);
    if (value < 0) {
        PyErr_SetString(PyExc_TypeError, "a negative value has no hash");
        return -1;
    }
    return (Py_hash_t)(value * 8);
}

static PyObject *value_repr(PyObject *self)
{
    return text("<%s %g>", kind(self), value_of(self));
}

static PyObject *value_str(PyObject *self)
{
    return text("%g", value_of(self));
}

static PyObject *value_reduce(PyObject *self, PyObject *none)
{
    (void)none;
    PyObject *const arguments = tuple_of(PyFloat_FromDouble(value_of(self)), NULL);
    return arguments == NULL ? NULL : tuple_of(Py_NewRef((PyObject *)Py_TYPE(self)), arguments);
}

static PyMethodDef value_methods[] = {
    {"__reduce__", value_reduce, METH_NOARGS, "How to make an equal value."},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, NULL},
    {NULL, NULL, 0, NULL},
};
static PyType_Slot value_slots[] = {
    SLOT(Py_tp_doc, "Value(number, /)\n--\n\nA number that can be compared."),
    SLOT(Py_tp_init, value_init),
    SLOT(Py_tp_richcompare, value_compare),
    SLOT(Py_tp_hash, value_hash),
    SLOT(Py_tp_repr, value_repr),
    SLOT(Py_tp_str, value_str),
    SLOT(Py_tp_methods, value_methods),
    {0, NULL},
};
static PyType_Spec value_spec = {"class_driver.Value", -(int)sizeof(double), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, value_slots};

int add_numbers(PyObject *module)
{
    if (add_class(module, &number_spec, NULL) == NULL ||
        (picky_type = add_class(module, &picky_spec, NULL)) == NULL ||
        (value_type = add_class(module, &value_spec, NULL)) == NULL) {
        return -1;
    }
    return 0;
}
