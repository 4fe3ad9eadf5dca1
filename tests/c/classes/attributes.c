/* Classes with functions for attributes, a __dict__, and getters and setters. */

#include "class_driver.h"

/* ---- `getattro` and `setattro`, over the usual lookup ---- */

static int starts_with_c(PyObject *name)
{
    const char *const bytes = PyUnicode_AsUTF8AndSize(name, NULL);
    return bytes != NULL && strncmp(bytes, "c_", 2) == 0;
}

static PyObject *attrs_get(PyObject *self, PyObject *name)
{
    if (starts_with_c(name)) {
        return text("getattro(%s, %s)", kind(self), PyUnicode_AsUTF8AndSize(name, NULL));
    }
    return PyErr_Occurred() != NULL ? NULL : PyObject_GenericGetAttr(self, name);
}

static int attrs_set(PyObject *self, PyObject *name, PyObject *value)
{
    if (starts_with_c(name)) {
        event("setattro(%s, %s, %s)", kind(self), PyUnicode_AsUTF8AndSize(name, NULL), kind(value));
        return 0;
    }
    return PyErr_Occurred() != NULL ? -1 : PyObject_GenericSetAttr(self, name, value);
}

static PyType_Slot attrs_slots[] = {
    SLOT(Py_tp_getattro, attrs_get),
    SLOT(Py_tp_setattro, attrs_set),
    {0, NULL},
};
static PyType_Spec attrs_spec = {"class_driver.Attributes", 0, 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, attrs_slots};

/* ---- The old functions, which take the name as text ---- */

static PyObject *old_get(PyObject *self, char *name)
{
    if (strcmp(name, "missing") == 0) {
        PyErr_SetString(PyExc_AttributeError, name);
        return NULL;
    }
    return text("getattr(%s, %s)", kind(self), name);
}

static int old_set(PyObject *self, char *name, PyObject *value)
{
    event("setattr(%s, %s, %s)", kind(self), name, kind(value));
    return 0;
}

static PyType_Slot old_slots[] = {
    SLOT(Py_tp_getattr, old_get),
    SLOT(Py_tp_setattr, old_set),
    {0, NULL},
};
static PyType_Spec old_spec = {"class_driver.OldAttributes", 0, 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, old_slots};

/* ---- A __dict__ and weak references, at places in the C data ---- */

typedef struct {
    PyObject *dict;
    PyObject *weak;
} Places;

static PyTypeObject *places_type;

static int places_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((Places *)PyObject_GetTypeData_DuringGC(self, places_type))->dict);
    return 0;
}

static int places_clear(PyObject *self)
{
    Py_CLEAR(((Places *)PyObject_GetTypeData(self, places_type))->dict);
    return 0;
}

static void places_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    if (((Places *)PyObject_GetTypeData(self, places_type))->weak != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    places_clear(self);
    event("dealloc(%s)", kind(self));
    free_instance(self);
}

static PyMemberDef places_members[] = {
    PLACE("__dictoffset__", offsetof(Places, dict)),
    PLACE("__weaklistoffset__", offsetof(Places, weak)),
    {NULL, 0, 0, 0, NULL},
};
static PyGetSetDef places_getset[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyType_Slot places_slots[] = {
    SLOT(Py_tp_members, places_members),
    SLOT(Py_tp_getset, places_getset),
    SLOT(Py_tp_traverse, places_traverse),
    SLOT(Py_tp_clear, places_clear),
    SLOT(Py_tp_dealloc, places_dealloc),
    {0, NULL},
};
static PyType_Spec places_spec = {"class_driver.Places", -(int)sizeof(Places), 0,
                                  Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
                                  places_slots};

/* ---- The interpreter manages both. In CPython the class has to visit and clear the dict, with
   functions that the stable ABI lacks. ---- */

#ifndef RUSTPYTHON_CAPI
static int managed_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    return PyObject_VisitManagedDict(self, visit, arg);
}

static int managed_clear(PyObject *self)
{
    PyObject_ClearManagedDict(self);
    return 0;
}
#endif

static PyGetSetDef managed_getset[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyType_Slot managed_slots[] = {
    SLOT(Py_tp_getset, managed_getset),
#ifndef RUSTPYTHON_CAPI
    SLOT(Py_tp_traverse, managed_traverse),
    SLOT(Py_tp_clear, managed_clear),
#endif
    {0, NULL},
};
static PyType_Spec managed_spec = {"class_driver.Managed", 0, 0,
                                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE |
#ifndef RUSTPYTHON_CAPI
                                       Py_TPFLAGS_HAVE_GC |
#endif
                                       Py_TPFLAGS_MANAGED_DICT | Py_TPFLAGS_MANAGED_WEAKREF,
                                   managed_slots};

/* ---- Getters and setters ---- */

static PyTypeObject *gets_type;

static PyObject **gets_value(PyObject *self)
{
    return PyObject_GetTypeData(self, gets_type);
}

static PyObject *gets_get(PyObject *self, void *closure)
{
    PyObject *const value = *gets_value(self);
    if (value == NULL) {
        PyErr_SetString(PyExc_AttributeError, closure == NULL ? "not set" : closure);
        return NULL;
    }
    return Py_NewRef(value);
}

static int gets_set(PyObject *self, PyObject *value, void *closure)
{
    event("set(%s, %s, %s)", kind(self), kind(value), closure == NULL ? "NULL" : (char *)closure);
    if (value != NULL && PyUnicode_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "a str is not accepted");
        return -1;
    }
    PyObject *const old = *gets_value(self);
    *gets_value(self) = Py_XNewRef(value);
    Py_XDECREF(old);
    return 0;
}

static PyObject *gets_raise(PyObject *self, void *closure)
{
    (void)self;
    (void)closure;
    PyErr_SetString(PyExc_ZeroDivisionError, "in a getter");
    return NULL;
}

static void gets_dealloc(PyObject *self)
{
    Py_CLEAR(*gets_value(self));
    free_instance(self);
}

static char closure[] = "the closure";
static PyGetSetDef gets_getset[] = {
    {"both", gets_get, gets_set, "Read and written.", NULL},
    {"with_closure", gets_get, gets_set, NULL, closure},
    {"read_only", gets_get, NULL, "Read.", NULL},
    {"write_only", NULL, gets_set, "Written.", NULL},
    {"neither", NULL, NULL, "", NULL},
    {"raises", gets_raise, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
static PyType_Slot gets_slots[] = {
    SLOT(Py_tp_getset, gets_getset),
    SLOT(Py_tp_dealloc, gets_dealloc),
    {0, NULL},
};
static PyType_Spec gets_spec = {"class_driver.Getters", -(int)sizeof(PyObject *), 0,
                                Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, gets_slots};

int add_attributes(PyObject *module)
{
    if (add_class(module, &attrs_spec, NULL) == NULL || add_class(module, &old_spec, NULL) == NULL ||
        (places_type = add_class(module, &places_spec, NULL)) == NULL ||
        add_class(module, &managed_spec, NULL) == NULL ||
        (gets_type = add_class(module, &gets_spec, NULL)) == NULL) {
        return -1;
    }
    return 0;
}
