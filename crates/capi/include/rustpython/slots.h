/* PySlot (PEP 820): the entries of an array that describes a module or a class; and the slots of
   modules. typeslots.h has those of classes. A part of Python.h. */

#ifndef RUSTPYTHON_SLOTS_H
#define RUSTPYTHON_SLOTS_H

#ifdef __cplusplus
extern "C" {
#endif

/* An array of slots ends with PySlot_END. */
struct PySlot {
    uint16_t sl_id;
    uint16_t sl_flags;
    uint32_t sl_reserved; /* 0 */
    union {
        void *sl_ptr;
        void (*sl_func)(void);
        Py_ssize_t sl_size;
        int64_t sl_int64;
        uint64_t sl_uint64;
    };
};

#define PySlot_OPTIONAL 0x0001 /* an interpreter that does not know the id ignores the slot */
#define PySlot_STATIC 0x0002   /* the data is never freed or changed */
#define PySlot_INTPTR 0x0004   /* sl_ptr has the value, even if it is an integer or a function */

#define PySlot_DATA(id, value) {.sl_id = (id), .sl_ptr = (void *)(value)}
#define PySlot_STATIC_DATA(id, value)                                                              \
    {.sl_id = (id), .sl_flags = PySlot_STATIC, .sl_ptr = (void *)(value)}
#define PySlot_FUNC(id, value) {.sl_id = (id), .sl_func = (void (*)(void))(value)}
#define PySlot_SIZE(id, value) {.sl_id = (id), .sl_size = (Py_ssize_t)(value)}
#define PySlot_INT64(id, value) {.sl_id = (id), .sl_int64 = (int64_t)(value)}
#define PySlot_UINT64(id, value) {.sl_id = (id), .sl_uint64 = (uint64_t)(value)}

/* For values of any kind, even in C++ before C++20, which lacks the designated initializers that
   the other macros use. */
#define PySlot_PTR(id, value) {(id), PySlot_INTPTR, 0, {(void *)(value)}}
#define PySlot_PTR_STATIC(id, value) {(id), PySlot_INTPTR | PySlot_STATIC, 0, {(void *)(value)}}

#ifdef __cplusplus
#define PySlot_END {}
#else
#define PySlot_END {0}
#endif

#define Py_slot_end 0
#define Py_slot_subslots 92 /* a nested array, or NULL */
#define Py_slot_invalid 0xffff

#define Py_mod_create 84
#define Py_mod_exec 85
#define Py_mod_multiple_interpreters 86
#define Py_mod_gil 87
#define Py_mod_slots 94 /* an array of PyModuleDef_Slot, or NULL */
#define Py_mod_name 100 /* ignored: the name comes from the import */
#define Py_mod_doc 101
#define Py_mod_state_size 102
#define Py_mod_methods 103
#define Py_mod_state_traverse 104
#define Py_mod_state_clear 105
#define Py_mod_state_free 106
#define Py_mod_abi 109 /* required */
#define Py_mod_token 110

#define Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED ((void *)0)
#define Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED ((void *)1)
#define Py_MOD_PER_INTERPRETER_GIL_SUPPORTED ((void *)2)

/* A module without Py_MOD_GIL_NOT_USED is loaded with a RuntimeWarning. */
#define Py_MOD_GIL_USED ((void *)0)
#define Py_MOD_GIL_NOT_USED ((void *)1)

#ifdef __cplusplus
}
#endif

#endif
