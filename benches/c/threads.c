/* Runs a loop on several threads, which run in parallel as far as the interpreter permits. */

#include "rows.h"

#include <pthread.h>
#include <stdlib.h>

struct worker {
    pthread_t thread;
    pthread_barrier_t *barrier;
    void (*loop)(size_t count);
    size_t count;
    uint64_t began, ended;
};

/* Workers wait at the barrier without the GIL that an interpreter may have. */
static void *work(void *argument)
{
    struct worker *const worker = argument;
    const PyGILState_STATE state = PyGILState_Ensure();
    PyThreadState *const thread = PyEval_SaveThread();
    pthread_barrier_wait(worker->barrier);
    PyEval_RestoreThread(thread);
    worker->began = wall_nanoseconds();
    worker->loop(worker->count);
    worker->ended = wall_nanoseconds();
    PyGILState_Release(state);
    return NULL;
}

void measure_on_threads(unsigned threads, void (*loop)(size_t), size_t count, struct span *span)
{
    pthread_barrier_t barrier;
    struct worker *const workers = calloc(threads, sizeof *workers);
    pthread_barrier_init(&barrier, NULL, threads);
    PyThreadState *const own = PyEval_SaveThread();
    for (unsigned i = 0; i < threads; i++) {
        workers[i] = (struct worker){.barrier = &barrier, .loop = loop, .count = count};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
            /* The other workers would wait at the barrier forever. */
            abort();
        }
    }
    uint64_t began = UINT64_MAX, ended = 0;
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        began = workers[i].began < began ? workers[i].began : began;
        ended = workers[i].ended > ended ? workers[i].ended : ended;
    }
    PyEval_RestoreThread(own);
    pthread_barrier_destroy(&barrier);
    free(workers);
    *span = (struct span){.nanoseconds = ended - began, .cycles = 0};
}
