/* Chooses a random step: the call, its arguments and its manner. */

#include "step.h"

/* How often each is chosen, relative to the sum. */
static const int weights[OPERATIONS] = {
    [NEW] = 160,
    [GET_POINTER] = 110,
    [GET_NAME] = 50,
    [GET_CONTEXT] = 40,
    [GET_DESTRUCTOR] = 40,
    [IS_VALID] = 80,
    [CHECK_EXACT] = 40,
    [SET_POINTER] = 50,
    [SET_NAME] = 50,
    [SET_CONTEXT] = 40,
    [SET_DESTRUCTOR] = 50,
    [SET_TRAVERSE] = 10,
    [IMPORT] = 30,
    [TAKE_REFERENCE] = 20,
    [DROP_REFERENCE] = 110,
    [REPR] = 30,
    [HASH] = 10,
    [EQUAL] = 20,
    [EDIT_NAME] = 10,
    [RETURN_NULL] = 2,
    [RETURN_WITH_EXCEPTION] = 2,
    [TEMPORARY] = 12,
    [SCENARIO] = 4,
};

static const char *const labels[OPERATIONS] = {
    [NEW] = "New",
    [GET_POINTER] = "GetPointer",
    [GET_NAME] = "GetName",
    [GET_CONTEXT] = "GetContext",
    [GET_DESTRUCTOR] = "GetDestructor",
    [IS_VALID] = "IsValid",
    [CHECK_EXACT] = "CheckExact",
    [SET_POINTER] = "SetPointer",
    [SET_NAME] = "SetName",
    [SET_CONTEXT] = "SetContext",
    [SET_DESTRUCTOR] = "SetDestructor",
    [SET_TRAVERSE] = "SetTraverse",
    [IMPORT] = "Import",
    [TAKE_REFERENCE] = "take",
    [DROP_REFERENCE] = "drop",
    [REPR] = "repr",
    [HASH] = "hash",
    [EQUAL] = "equal",
    [EDIT_NAME] = "edit",
    [RETURN_NULL] = "return NULL",
    [RETURN_WITH_EXCEPTION] = "return with exception",
    [TEMPORARY] = "temporary",
    [SCENARIO] = "scenario",
};

Step chosen;

static Operation choose_operation(void)
{
    int sum = 0;
    for (int i = 0; i < OPERATIONS; i++) {
        sum += weights[i];
    }
    int left = choose(sum);
    int operation = 0;
    while (left >= weights[operation]) {
        left -= weights[operation];
        operation++;
    }
    return (Operation)operation;
}

static PyObject *choose_object(void)
{
    Entry *const entry = choose(5) == 0 ? NULL : choose_entry();
    return entry == NULL ? others[choose(OTHERS)] : entry->object;
}

/* Often the name that the object has, or another with the same text. */
static int choose_name(void)
{
    const int any = choose(NAMES), how = choose(10);
    if (how >= 6 || chosen.object == NULL || !PyCapsule_CheckExact(chosen.object)) {
        return any;
    }
    const int own = index_of_name(PyCapsule_GetName(chosen.object));
    return how < 4 ? own : twin_of_name(own);
}

static Manner choose_manner(void)
{
    Manner manner = {.way = DIRECT, .pending = choose(3) == 0};
    const int way = choose(20);
    const bool python_only = chosen.operation == RETURN_NULL ||
                             chosen.operation == RETURN_WITH_EXCEPTION ||
                             chosen.operation == TEMPORARY;
    if (python_only) {
        manner.way = way < 10 ? FROM_PYTHON : IN_EXCEPT;
        manner.pending = false;
    } else if (chosen.operation == SCENARIO) {
        manner.pending = manner.pending && chosen.scenario != THREAD;
    } else if (way < 2) {
        manner.way = FROM_PYTHON;
    } else if (way < 5) {
        manner.way = IN_EXCEPT;
    }
    manner.unwinds = chosen.operation == TEMPORARY;
    return manner;
}

static void add_object(Text *call)
{
    add(call, " ");
    add_label(call, chosen.object);
}

static void describe(Text *call)
{
    add(call, "%s", labels[chosen.operation]);
    switch (chosen.operation) {
    case NEW:
    case TEMPORARY:
        add(call, " p%d n%d %s", chosen.pointer, chosen.name, destructor_labels[chosen.destructor]);
        break;
    case GET_POINTER:
    case IS_VALID:
    case SET_NAME:
        add_object(call);
        add(call, " n%d", chosen.name);
        break;
    case SET_POINTER:
        add_object(call);
        add(call, " p%d", chosen.pointer);
        break;
    case SET_CONTEXT:
        add_object(call);
        add(call, " x%d", chosen.context);
        break;
    case SET_DESTRUCTOR:
        add_object(call);
        add(call, " %s", destructor_labels[chosen.destructor]);
        break;
    case SET_TRAVERSE:
        add_object(call);
        add(call, " %s", chosen.flag < 2 ? "one is NULL" : "functions");
        break;
    case IMPORT:
        add(call, " i%d %d", chosen.import, chosen.flag);
        break;
    case EQUAL:
        add_object(call);
        add(call, " ");
        add_label(call, chosen.second);
        break;
    case SCENARIO:
        add(call, " %s %s", scenario_labels[chosen.scenario], destructor_labels[chosen.destructor]);
        break;
    case EDIT_NAME:
    case RETURN_NULL:
    case RETURN_WITH_EXCEPTION:
        break;
    default:
        add_object(call);
    }
}

Manner choose_step(Text *call)
{
    chosen.operation = choose_operation();
    chosen.object = choose_object();
    chosen.second = choose(2) == 0 ? chosen.object : choose_object();
    const bool whole = chosen.operation == TAKE_REFERENCE || chosen.operation == DROP_REFERENCE;
    const bool python = chosen.operation == REPR || chosen.operation == HASH ||
                        chosen.operation == EQUAL;
    if (whole || (python && (chosen.object == NULL || chosen.second == NULL))) {
        chosen.entry = choose_entry();
        chosen.object = chosen.entry == NULL ? NULL : chosen.entry->object;
        chosen.second = chosen.object;
    } else {
        chosen.entry = chosen.object == NULL ? NULL : entry_of(chosen.object);
    }
    if (chosen.object == NULL && (whole || python)) {
        chosen.operation = NEW;
    }
    chosen.name = choose_name();
    chosen.pointer = choose(8) == 0 ? 0 : choose(POINTERS);
    if (chosen.operation == TEMPORARY && chosen.pointer == 0) {
        chosen.pointer = 1;
    }
    chosen.context = choose(CONTEXTS);
    chosen.destructor = choose(CHAINED);
    chosen.import = choose(IMPORTS);
    chosen.flag = choose(4);
    chosen.scenario = (Scenario)(choose(4) == 0 ? choose(MISPLACED) : MISPLACED + choose(2));
    describe(call);
    return choose_manner();
}
