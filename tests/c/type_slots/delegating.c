/* Classes that extend a class of the interpreter, and whose slots call those of that class. */

#include "delegating.h"

#include <string.h>

/* How often a function of such a class was called. */
static long calls;

/* The first class above that of an object which is not made at run time. */
static PyTypeObject *native_base(PyTypeObject *type)
{
    while (PyType_GetFlags(type) & Py_TPFLAGS_HEAPTYPE) {
        type = PyType_GetSlot(type, Py_tp_base);
    }
    return type;
}

static void *base_slot(PyTypeObject *type, int id)
{
    calls++;
    return PyType_GetSlot(native_base(type), id);
}

#define BASE(id) base_slot(Py_TYPE(self), Py_##id)

#define UNARY(id)                                         \
    static PyObject *id##_of_base(PyObject *self)         \
    {                                                     \
        return ((unaryfunc)BASE(id))(self);               \
    }
UNARY(tp_repr)
UNARY(tp_str)
UNARY(tp_iter)
UNARY(nb_negative)
UNARY(nb_int)

/* Either operand can be the instance. */
#define BINARY(id)                                                    \
    static PyObject *id##_of_base(PyObject *self, PyObject *other)    \
    {                                                                 \
        void *function = BASE(id);                                    \
        if (function == NULL) {                                       \
            function = base_slot(Py_TYPE(other), Py_##id);            \
        }                                                             \
        return ((binaryfunc)function)(self, other);                   \
    }
BINARY(nb_add)
BINARY(nb_or)
BINARY(nb_remainder)

static PyObject *mp_subscript_of_base(PyObject *self, PyObject *key)
{
    return ((binaryfunc)BASE(mp_subscript))(self, key);
}

static PyObject *sq_concat_of_base(PyObject *self, PyObject *other)
{
    return ((binaryfunc)BASE(sq_concat))(self, other);
}

static PyObject *tp_getattro_of_base(PyObject *self, PyObject *name)
{
    return ((getattrofunc)BASE(tp_getattro))(self, name);
}

static int tp_setattro_of_base(PyObject *self, PyObject *name, PyObject *value)
{
    return ((setattrofunc)BASE(tp_setattro))(self, name, value);
}

static int mp_ass_subscript_of_base(PyObject *self, PyObject *key, PyObject *value)
{
    return ((objobjargproc)BASE(mp_ass_subscript))(self, key, value);
}

static Py_ssize_t sq_length_of_base(PyObject *self)
{
    return ((lenfunc)BASE(sq_length))(self);
}

static Py_ssize_t mp_length_of_base(PyObject *self)
{
    return ((lenfunc)BASE(mp_length))(self);
}

static Py_hash_t tp_hash_of_base(PyObject *self)
{
    return ((hashfunc)BASE(tp_hash))(self);
}

static PyObject *sq_item_of_base(PyObject *self, Py_ssize_t index)
{
    return ((ssizeargfunc)BASE(sq_item))(self, index);
}

static int sq_contains_of_base(PyObject *self, PyObject *item)
{
    return ((objobjproc)BASE(sq_contains))(self, item);
}

static int nb_bool_of_base(PyObject *self)
{
    return ((inquiry)BASE(nb_bool))(self);
}

static PyObject *tp_richcompare_of_base(PyObject *self, PyObject *other, int operator)
{
    return ((richcmpfunc)BASE(tp_richcompare))(self, other, operator);
}

static int tp_init_of_base(PyObject *self, PyObject *arguments, PyObject *keywords)
{
    return ((initproc)BASE(tp_init))(self, arguments, keywords);
}

static PyObject *tp_new_of_base(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    return ((newfunc)base_slot(type, Py_tp_new))(type, arguments, keywords);
}

static int bf_getbuffer_of_base(PyObject *self, Py_buffer *view, int flags)
{
    return ((getbufferproc)BASE(bf_getbuffer))(self, view, flags);
}

static void bf_releasebuffer_of_base(PyObject *self, Py_buffer *view)
{
    ((releasebufferproc)BASE(bf_releasebuffer))(self, view);
}

#define SLOT(id) {Py_##id, (void *)id##_of_base}

static const PyType_Slot candidates[] = {
    SLOT(tp_repr), SLOT(tp_str), SLOT(tp_iter), SLOT(nb_negative), SLOT(nb_int), SLOT(nb_add),
    SLOT(nb_or), SLOT(nb_remainder), SLOT(mp_subscript), SLOT(sq_concat), SLOT(tp_getattro),
    SLOT(tp_setattro), SLOT(mp_ass_subscript), SLOT(sq_length), SLOT(mp_length), SLOT(tp_hash),
    SLOT(sq_item), SLOT(sq_contains), SLOT(nb_bool), SLOT(tp_richcompare), SLOT(tp_init), SLOT(tp_new),
    SLOT(bf_getbuffer), SLOT(bf_releasebuffer),
};

PyObject *delegating(PyObject *module, PyObject *base)
{
    (void)module;
    PyType_Slot slots[sizeof candidates / sizeof *candidates + 1];
    memset(slots, 0, sizeof slots);
    size_t used = 0;
    PyTypeObject *const object = &PyBaseObject_Type;
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        const int id = candidates[i].slot;
        void *const function = PyType_GetSlot((PyTypeObject *)base, id);
        /* With an initializer of its own, a class takes no arguments for the constructor. */
        if (function != NULL && (id != Py_tp_init || function != PyType_GetSlot(object, id))) {
            slots[used++] = candidates[i];
        }
    }
    PyType_Spec spec = {
        .name = "made.Delegating",
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
        .slots = slots,
    };
    return PyType_FromSpecWithBases(&spec, base);
}

PyObject *delegated(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return PyLong_FromLong(calls);
}
