/* The arguments of calls, and the random choices among them. */

#include "driver.h"

#define LONG_LENGTH 20000

/* Arrays, so that each has an address of its own. */
static char empty[] = "", empty_twin[] = "";
static char plain[] = "capsule.name", plain_twin[] = "capsule.name", plain_third[] = "capsule.name";
static char prefix[] = "capsule.nam", longer[] = "capsule.name.longer";
static char other_case[] = "Capsule.Name", trailing_space[] = "capsule.name ";
static char composed[] = "caf\xc3\xa9", decomposed[] = "cafe\xcc\x81";
static char invalid[] = "\xff\xfe", invalid_twin[] = "\xff\xfe", invalid_other[] = "\xff\xfd";
static char surrogate[] = "\xed\xa0\x80", cut_short[] = "ab\xc3";
static char nul_inside[] = "nul\0one", nul_inside_twin[] = "nul\0two", before_nul[] = "nul";
static char markup[] = "\"quoted\" %s%n\n\\";
static char very_long[LONG_LENGTH + 1], very_long_twin[LONG_LENGTH + 1];
static char very_long_other[LONG_LENGTH + 1];
static char edited[] = "capsule.name";

const char *const names[NAMES] = {
    NULL,           empty,         empty_twin,     plain,           plain_twin,
    plain_third,    prefix,        longer,         other_case,      trailing_space,
    composed,       decomposed,    invalid,        invalid_twin,    invalid_other,
    surrogate,      cut_short,     nul_inside,     nul_inside_twin, before_nul,
    markup,         very_long,     very_long_twin, very_long_other, edited,
};

static uint64_t aligned[2];

void *const pointers[POINTERS] = {
    NULL, &aligned[0], &aligned[1], (char *)aligned + 3, (void *)1, (void *)UINTPTR_MAX,
};

void *const contexts[CONTEXTS] = {NULL, &aligned[0], (char *)aligned + 5, (void *)UINTPTR_MAX};

int index_of_name(const char *name)
{
    for (int i = 0; i < NAMES; i++) {
        if (names[i] == name) {
            return i;
        }
    }
    return -1;
}

int index_of_pointer(const void *pointer)
{
    for (int i = 0; i < POINTERS; i++) {
        if (pointers[i] == pointer) {
            return i;
        }
    }
    return -1;
}

int index_of_context(const void *context)
{
    for (int i = 0; i < CONTEXTS; i++) {
        if (contexts[i] == context) {
            return i;
        }
    }
    return -1;
}

void edit_name(void)
{
    edited[0] = edited[0] == 'c' ? 'C' : 'c';
}

int twin_of_name(int name)
{
    for (int i = name + 1; i < name + NAMES; i++) {
        const char *const other = names[i % NAMES];
        if (other != NULL && names[name] != NULL && strcmp(other, names[name]) == 0) {
            return i % NAMES;
        }
    }
    return name;
}

static uint64_t state;

void seed_choices(uint64_t seed)
{
    if (very_long[0] == '\0') {
        memset(very_long, 'x', LONG_LENGTH);
        memset(very_long_twin, 'x', LONG_LENGTH);
        memset(very_long_other, 'x', LONG_LENGTH);
        very_long_other[LONG_LENGTH - 1] = 'y';
    }
    /* Spread over all bits, so that adjacent seeds give different sequences from the start. */
    state = (seed + 1) * 0x9e3779b97f4a7c15u;
    state ^= state >> 29;
    if (state == 0) {
        state = 1;
    }
}

int choose(int bound)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (int)((state >> 33) % (uint64_t)bound);
}
