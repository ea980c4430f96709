/* The loss over several processes, here threads that meet at a barrier: the same as one process with all pictures. */
#include <check.h>
#include <pthread.h>

#include "support/loss_case.h"
#include "support/meeting.h"

static const dml_loss_weights weights = {1, 1, .1, 4, 1, .5};

static dml_loss *make_loss(const loss_shape *s, const dml_core *core, const dml_comm *comm, dml_memory *memory)
{
    dml_loss *loss;
    dml_error error;
    ck_assert_int_eq(dml_loss_create(&loss, s->classes, s->n, s->oh, s->ow, s->h, s->w, core, comm, memory, &error), 0);
    return loss;
}

#define PROCESSES 2

typedef struct process {
    meeting *m;
    dml_comm comm;
    uint32_t threads;
    const uint8_t *map;
    dml_logits x, teacher, gradient;
    dml_teaching teaching;
    dml_loss_terms terms;
    int fails_at, calls, status;
} process;

static int add(void *opaque, double *values, size_t n)
{
    process *p = opaque;
    if (++p->calls == p->fails_at)
        return 7;
    meeting_add(p->m, p->comm.rank, values, n);
    return 0;
}

static int gather(void *opaque, const dml_real *mine, size_t n, dml_real *all)
{
    process *p = opaque;
    if (++p->calls == p->fails_at)
        return 8;
    meeting_gather(p->m, p->comm.rank, mine, n * sizeof *mine, all);
    return 0;
}

static void *run_process(void *argument)
{
    process *p = argument;
    dml_memory memory;
    dml_core core;
    case_core(&core, &memory, DMLCSR_ISA_AUTO, p->threads);
    dml_loss *loss = make_loss(&ragged, &core, &p->comm, &memory);
    p->status = dml_loss_run(loss, &weights, &p->x, p->map, NULL, 1, &p->teaching, &p->terms,
                             &p->gradient);
    dml_loss_free(loss);
    dml_pool_free(core.pool);
    return NULL;
}

/* Pictures 2 rank, 2 rank + 1 of the four. */
static dml_logits half(const dml_logits *l, uint32_t rank)
{
    dml_logits part = *l;
    dml_batch *const b[3] = {&part.parsing, &part.binary_edge, &part.category_edge};
    for (int i = 0; i < 3; i++) {
        b[i]->n = 2;
        b[i]->first.data += 2 * rank * b[i]->stride;
    }
    return part;
}

/* Who teaches. */
enum { NOBODY, ENSEMBLE, NETWORK };

static dml_teaching teaching_of(const dml_logits *teacher, int by)
{
    return by == NOBODY ? (dml_teaching){0}
           : by == ENSEMBLE ? dml_teaching_ensemble(teacher, 1)
                            : dml_teaching_network(&teacher->parsing, .3);
}

static void check_processes(const dml_logits *teacher, int by, uint32_t threads)
{
    const loss_shape whole = {ragged.classes, 4, ragged.oh, ragged.ow, ragged.h, ragged.w};
    uint8_t map[252];
    meeting m = MEETING_INIT;
    process p[PROCESSES];
    pthread_t thread[PROCESSES];
    dml_memory memory;
    dml_core core;
    dml_loss_terms terms;
    const dml_teaching teaching = teaching_of(teacher, by);
    dml_logits x = case_logits(&whole, 0, "ragged", 2), one = case_logits(&whole, 0, NULL, 0),
               two = case_logits(&whole, 0, NULL, 0);
    ragged_labels(map);
    for (size_t i = 0; i < 126; i++)
        map[126 + i] = i < 20 ? DML_IGNORE : (uint8_t)(i / 9 % 5); /* with the class that the first process lacks */
    case_core(&core, &memory, DMLCSR_ISA_AUTO, 1);
    dml_loss *loss = make_loss(&whole, &core, NULL, &memory);
    ck_assert_int_eq(dml_loss_run(loss, &weights, &x, map, NULL, 1, &teaching, &terms, &one), 0);
    dml_loss_free(loss);
    for (uint32_t k = 0; k < PROCESSES; k++) {
        p[k] = (process){.m = &m, .comm = {{add, &p[k], PROCESSES}, k, gather}, .threads = threads,
                         .map = map + 126 * k, .x = half(&x, k), .gradient = half(&two, k)};
        p[k].teacher = half(teacher, k);
        p[k].teaching = teaching_of(&p[k].teacher, by);
        pthread_create(&thread[k], NULL, run_process, &p[k]);
    }
    for (uint32_t k = 0; k < PROCESSES; k++) {
        pthread_join(thread[k], NULL);
        ck_assert_int_eq(p[k].status, 0);
        for (size_t i = 0; i < sizeof terms / sizeof(double); i++)
            ck_assert_double_eq_tol(((double *)&p[k].terms)[i], ((double *)&terms)[i], 1e-13);
    }
    for (int output = 0; output < 3; output++)
        for (size_t i = 0; i < case_elements(case_output(&one, output)); i++)
            ck_assert_double_eq_tol(case_output(&one, output)->first.data[i], case_output(&two, output)->first.data[i],
                                    1e-15);
    case_free(&x);
    case_free(&one);
    case_free(&two);
}

START_TEST(two_processes)
{
    const loss_shape whole = {ragged.classes, 4, ragged.oh, ragged.ow, ragged.h, ragged.w};
    dml_logits teacher = case_logits(&whole, 0, "ragged teacher", 2);
    check_processes(&teacher, NOBODY, 1);
    check_processes(&teacher, NOBODY, 3);
    check_processes(&teacher, ENSEMBLE, 1);
    check_processes(&teacher, NETWORK, 1);
    case_free(&teacher);
}
END_TEST

/* What a function of comm returns is what the run returns, wherever it happens. */
START_TEST(lost_connection)
{
    uint8_t map[126];
    dml_logits x = case_logits(&ragged, 0, "ragged", 2), gradient = case_logits(&ragged, 0, NULL, 0);
    ragged_labels(map);
    meeting m = MEETING_INIT;
    for (int at = 1; at <= 7; at++) { /* counts, five classes, terms; both processes fail alike, so none waits */
        process p[PROCESSES];
        pthread_t thread[PROCESSES];
        for (uint32_t k = 0; k < PROCESSES; k++) {
            p[k] = (process){.m = &m, .comm = {{add, &p[k], PROCESSES}, k, gather}, .threads = 1, .map = map, .x = x,
                             .fails_at = at};
            p[k].gradient = case_logits(&ragged, 0, NULL, 0);
            pthread_create(&thread[k], NULL, run_process, &p[k]);
        }
        for (uint32_t k = 0; k < PROCESSES; k++) {
            pthread_join(thread[k], NULL);
            ck_assert_int_eq(p[k].status, at == 1 || at == 7 ? 7 : 8);
            case_free(&p[k].gradient);
        }
    }
    case_free(&x);
    case_free(&gradient);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loss, several processes");
    TCase *tests = tcase_create("loss");
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, two_processes);
    tcase_add_test(tests, lost_connection);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
