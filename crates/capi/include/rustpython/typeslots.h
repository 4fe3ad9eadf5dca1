/* The ids of the slots of a class, for PySlot and PyType_Slot. A part of Python.h. */

#ifndef RUSTPYTHON_TYPESLOTS_H
#define RUSTPYTHON_TYPESLOTS_H

/* ---- The class. The first seven are for PySlot only; a PyType_Spec has fields for some of them. Sizes
   and flags are integers. ---- */

#define Py_tp_name 95           /* const char *; required */
#define Py_tp_basicsize 96      /* at most one of these two */
#define Py_tp_extra_basicsize 97
#define Py_tp_itemsize 98
#define Py_tp_flags 99
#define Py_tp_metaclass 107     /* PyTypeObject * */
#define Py_tp_module 108        /* PyObject *, a module */
#define Py_tp_slots 93          /* an array of PyType_Slot, or NULL */
#define Py_tp_base 48           /* PyTypeObject * */
#define Py_tp_bases 49          /* PyObject *, a tuple of classes */
#define Py_tp_doc 56            /* const char *, or NULL */
#define Py_tp_methods 64        /* PyMethodDef * */
#define Py_tp_members 72        /* PyMemberDef * */
#define Py_tp_getset 73         /* PyGetSetDef * */
#define Py_tp_token 83          /* an address that belongs to the module */
#define Py_TP_USE_SPEC NULL     /* for Py_tp_token: the address of the PyType_Spec */

/* ---- Instances ---- */

#define Py_tp_alloc 47          /* allocfunc */
#define Py_tp_new 65            /* newfunc */
#define Py_tp_init 60           /* initproc */
#define Py_tp_vectorcall 82     /* vectorcallfunc, for a call of the class */
#define Py_tp_finalize 80       /* destructor */
#define Py_tp_del 53            /* destructor */
#define Py_tp_dealloc 52        /* destructor */
#define Py_tp_free 74           /* freefunc */
#define Py_tp_traverse 71       /* traverseproc */
#define Py_tp_clear 51          /* inquiry */
#define Py_tp_is_gc 61          /* inquiry */

/* ---- Attributes, calls, texts, comparison, iteration ---- */

#define Py_tp_getattr 57        /* getattrfunc */
#define Py_tp_setattr 68        /* setattrfunc */
#define Py_tp_getattro 58       /* getattrofunc */
#define Py_tp_setattro 69       /* setattrofunc */
#define Py_tp_descr_get 54      /* descrgetfunc */
#define Py_tp_descr_set 55      /* descrsetfunc */
#define Py_tp_call 50           /* ternaryfunc */
#define Py_tp_repr 66           /* reprfunc */
#define Py_tp_str 70            /* reprfunc */
#define Py_tp_hash 59           /* hashfunc */
#define Py_tp_richcompare 67    /* richcmpfunc */
#define Py_tp_iter 62           /* getiterfunc */
#define Py_tp_iternext 63       /* iternextfunc */
#define Py_am_await 77          /* unaryfunc */
#define Py_am_aiter 78          /* unaryfunc */
#define Py_am_anext 79          /* unaryfunc */
#define Py_am_send 81           /* sendfunc */

/* ---- Numbers ---- */

#define Py_nb_add 7             /* binaryfunc */
#define Py_nb_subtract 36
#define Py_nb_multiply 29
#define Py_nb_matrix_multiply 75
#define Py_nb_true_divide 37
#define Py_nb_floor_divide 12
#define Py_nb_remainder 34
#define Py_nb_divmod 10
#define Py_nb_lshift 28
#define Py_nb_rshift 35
#define Py_nb_and 8
#define Py_nb_or 31
#define Py_nb_xor 38
#define Py_nb_power 33          /* ternaryfunc */
#define Py_nb_negative 30       /* unaryfunc */
#define Py_nb_positive 32
#define Py_nb_absolute 6
#define Py_nb_invert 27
#define Py_nb_int 26
#define Py_nb_float 11
#define Py_nb_index 13
#define Py_nb_bool 9            /* inquiry */
#define Py_nb_inplace_add 14    /* binaryfunc */
#define Py_nb_inplace_subtract 23
#define Py_nb_inplace_multiply 18
#define Py_nb_inplace_matrix_multiply 76
#define Py_nb_inplace_true_divide 24
#define Py_nb_inplace_floor_divide 16
#define Py_nb_inplace_remainder 21
#define Py_nb_inplace_lshift 17
#define Py_nb_inplace_rshift 22
#define Py_nb_inplace_and 15
#define Py_nb_inplace_or 19
#define Py_nb_inplace_xor 25
#define Py_nb_inplace_power 20  /* ternaryfunc */

/* ---- Sequences, mappings, buffers ---- */

#define Py_sq_length 45         /* lenfunc */
#define Py_sq_concat 40         /* binaryfunc */
#define Py_sq_repeat 46         /* ssizeargfunc */
#define Py_sq_item 44           /* ssizeargfunc */
#define Py_sq_ass_item 39       /* ssizeobjargproc */
#define Py_sq_contains 41       /* objobjproc */
#define Py_sq_inplace_concat 42 /* binaryfunc */
#define Py_sq_inplace_repeat 43 /* ssizeargfunc */
#define Py_mp_length 91         /* lenfunc */
#define Py_mp_subscript 5       /* binaryfunc */
#define Py_mp_ass_subscript 90  /* objobjargproc */
#define Py_bf_getbuffer 88      /* getbufferproc */
#define Py_bf_releasebuffer 89  /* releasebufferproc */

#endif
