/* How instances are made, finalized, collected and deallocated, and how often. */

#include "class_driver.h"

#include <stdatomic.h>

static atomic_long allocated;
static atomic_long deallocated;

void count_deallocation(void)
{
    deallocated++;
}

/* The tuple (allocated, deallocated). */
static PyObject *counts(PyObject *module, PyObject *none)
{
    (void)module;
    (void)none;
    return tuple_of(PyLong_FromLong(allocated), PyLong_FromLong(deallocated));
}

/* ---- A container of one object ---- */

typedef struct {
    PyObject *held;
    char loud; /* whether it adds events */
} Node;

static PyTypeObject *node_type;

static Node *node_of(PyObject *self)
{
    return PyObject_GetTypeData(self, node_type);
}

static PyObject *node_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)kwargs;
    const allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    PyObject *const self = alloc(type, 0);
    if (self != NULL) {
        allocated++;
        if (PyTuple_Size(args) > 0) {
            node_of(self)->held = Py_NewRef(PyTuple_GetItem(args, 0));
        }
    }
    return self;
}

static int node_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((Node *)PyObject_GetTypeData_DuringGC(self, node_type))->held);
    return 0;
}

static int node_clear(PyObject *self)
{
    if (node_of(self)->loud) {
        event("clear(%s, %s)", kind(self), kind(node_of(self)->held));
    }
    Py_CLEAR(node_of(self)->held);
    return 0;
}

static void node_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    if (node_of(self)->loud) {
        event("dealloc(%s, %s)", kind(self), kind(node_of(self)->held));
    }
    Py_CLEAR(node_of(self)->held);
    deallocated++;
    free_instance(self);
}

static PyMemberDef node_members[] = {
    {"held", _Py_T_OBJECT, offsetof(Node, held), Py_RELATIVE_OFFSET, NULL},
    {"loud", Py_T_BOOL, offsetof(Node, loud), Py_RELATIVE_OFFSET, NULL},
    {NULL, 0, 0, 0, NULL},
};
static PyType_Slot node_slots[] = {
    SLOT(Py_tp_new, node_new),
    SLOT(Py_tp_members, node_members),
    SLOT(Py_tp_traverse, node_traverse),
    SLOT(Py_tp_clear, node_clear),
    SLOT(Py_tp_dealloc, node_dealloc),
    {0, NULL},
};
static PyType_Spec node_spec = {"class_driver.Node", -(int)sizeof(Node), 0,
                                Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
                                node_slots};

/* ---- A finalizer, which runs once, and may keep the object ---- */

static PyObject *kept;

static void phoenix_finalize(PyObject *self)
{
    PyObject *const pending = PyErr_GetRaisedException();
    event("finalize(%s, pending %s)", kind(self), kind(pending));
    if (kept == NULL) {
        kept = Py_NewRef(self);
    }
    PyErr_SetRaisedException(pending);
}

static int phoenix_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static void phoenix_dealloc(PyObject *self)
{
    if (PyObject_CallFinalizerFromDealloc(self) < 0) {
        return;
    }
    PyObject_GC_UnTrack(self);
    event("dealloc(%s)", kind(self));
    free_instance(self);
}

static PyObject *take_kept(PyObject *module, PyObject *none)
{
    (void)module;
    (void)none;
    PyObject *const taken = kept == NULL ? Py_NewRef(Py_None) : kept;
    kept = NULL;
    return taken;
}

static PyType_Slot phoenix_slots[] = {
    SLOT(Py_tp_finalize, phoenix_finalize),
    SLOT(Py_tp_traverse, phoenix_traverse),
    SLOT(Py_tp_dealloc, phoenix_dealloc),
    {0, NULL},
};
static PyType_Spec phoenix_spec = {"class_driver.Phoenix", 0, 0,
                                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
                                   phoenix_slots};

/* ---- A finalizer that reports an exception; a `new` and an `init` that fail ---- */

static void reporting_finalize(PyObject *self)
{
    PyErr_SetString(PyExc_ZeroDivisionError, "in a finalizer");
    PyErr_WriteUnraisable(self);
}

static PyType_Slot reporting_slots[] = {SLOT(Py_tp_finalize, reporting_finalize), {0, NULL}};
static PyType_Spec reporting_spec = {"class_driver.Reporting", 0, 0,
                                     Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, reporting_slots};

static PyObject *failing_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    if (PyTuple_Size(args) == 0) {
        PyErr_SetString(PyExc_ValueError, "from new");
        return NULL;
    }
    if (PyTuple_Size(args) == 1) {
        /* An object of another class: `init` is not called. */
        return Py_NewRef(PyTuple_GetItem(args, 0));
    }
    return PyType_GenericNew(type, args, kwargs);
}

static int failing_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    event("init(%s, %zd, %zd)", kind(self), PyTuple_Size(args),
          kwargs == NULL ? (Py_ssize_t)-1 : PyDict_Size(kwargs));
    PyErr_SetString(PyExc_ValueError, "from init");
    return -1;
}

static void failing_dealloc(PyObject *self)
{
    event("dealloc(%s)", kind(self));
    free_instance(self);
}

static PyType_Slot failing_slots[] = {
    SLOT(Py_tp_new, failing_new),
    SLOT(Py_tp_init, failing_init),
    SLOT(Py_tp_dealloc, failing_dealloc),
    {0, NULL},
};
static PyType_Spec failing_spec = {"class_driver.Failing", 0, 0,
                                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, failing_slots};

/* ---- Flags ---- */

static PyType_Slot plain_slots[] = {{0, NULL}};
static PyType_Spec sealed_spec = {"class_driver.Final", 0, 0, Py_TPFLAGS_DEFAULT, plain_slots};
static PyType_Spec frozen_spec = {"class_driver.Immutable", 0, 0,
                                  Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE |
                                      Py_TPFLAGS_IMMUTABLETYPE,
                                  plain_slots};
static PyType_Spec closed_spec = {"class_driver.NotInstantiable", 0, 0,
                                  Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE |
                                      Py_TPFLAGS_DISALLOW_INSTANTIATION,
                                  plain_slots};

PyMethodDef lifetime_functions[] = {
    {"counts", counts, METH_NOARGS, NULL},
    {"take_kept", take_kept, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

int add_lifetimes(PyObject *module)
{
    if ((node_type = add_class(module, &node_spec, NULL)) == NULL ||
        add_class(module, &phoenix_spec, NULL) == NULL ||
        add_class(module, &reporting_spec, NULL) == NULL ||
        add_class(module, &failing_spec, NULL) == NULL ||
        add_class(module, &sealed_spec, NULL) == NULL ||
        add_class(module, &frozen_spec, NULL) == NULL ||
        add_class(module, &closed_spec, NULL) == NULL) {
        return -1;
    }
    return 0;
}
