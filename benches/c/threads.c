/* A loop on several threads, which run at the same time as far as the interpreter lets them. */

#include "rows.h"

#include <pthread.h>
#include <stdlib.h>

struct racer {
    pthread_t thread;
    pthread_barrier_t *line;
    void (*loop)(size_t count);
    size_t count;
    uint64_t began, ended;
};

/* They wait for one another without the lock that an interpreter may have. */
static void *race(void *argument)
{
    struct racer *const racer = argument;
    const PyGILState_STATE state = PyGILState_Ensure();
    PyThreadState *const thread = PyEval_SaveThread();
    pthread_barrier_wait(racer->line);
    PyEval_RestoreThread(thread);
    racer->began = wall_nanoseconds();
    racer->loop(racer->count);
    racer->ended = wall_nanoseconds();
    PyGILState_Release(state);
    return NULL;
}

void measure_on_threads(unsigned threads, void (*loop)(size_t), size_t count, struct span *span)
{
    pthread_barrier_t line;
    struct racer *const racers = calloc(threads, sizeof *racers);
    pthread_barrier_init(&line, NULL, threads);
    PyThreadState *const own = PyEval_SaveThread();
    for (unsigned i = 0; i < threads; i++) {
        racers[i] = (struct racer){.line = &line, .loop = loop, .count = count};
        if (pthread_create(&racers[i].thread, NULL, race, &racers[i]) != 0) {
            /* The others would wait for it for ever. */
            abort();
        }
    }
    uint64_t began = UINT64_MAX, ended = 0;
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(racers[i].thread, NULL);
        began = racers[i].began < began ? racers[i].began : began;
        ended = racers[i].ended > ended ? racers[i].ended : ended;
    }
    PyEval_RestoreThread(own);
    pthread_barrier_destroy(&line);
    free(racers);
    *span = (struct span){.nanoseconds = ended - began, .cycles = 0};
}
