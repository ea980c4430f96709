#include "model/pickle_stack.h"

/* More than any checkpoint has; keeps a hostile file from eating memory, 300 MB at the most. */
#define LIMIT (1u << 22)
#define UNSET UINT32_MAX

int dml_pickle_fail(const dml_machine *m, const char *what)
{
    return dml_fail(m->error, DMLCSR_ERROR_FORMAT, "%s: damaged pickle at byte %zu: %s", m->label,
                    (size_t)(m->instruction - m->file), what);
}

static int fail_memory(const dml_machine *m, size_t size)
{
    return dml_fail(m->error, dml_memory_status(m->out->memory, size), "%s: no memory to read its pickle", m->label);
}

int dml_pickle_append(dml_machine *m, dml_list *to, uint32_t item)
{
    if (to->count >= LIMIT)
        return dml_pickle_fail(m, "more objects than a checkpoint has");
    uint32_t *items = dml_array_grow(to->items, to->count, &to->capacity, sizeof *items, m->out->memory);
    if (!items)
        return fail_memory(m, dml_array_bytes(to->capacity, sizeof *items));
    to->items = items;
    items[to->count++] = item;
    return DMLCSR_OK;
}

int dml_pickle_push(dml_machine *m, dml_value value)
{
    dml_pickle *out = m->out;
    if (out->value_count >= LIMIT)
        return dml_pickle_fail(m, "more objects than a checkpoint has");
    dml_value *values =
        dml_array_grow(out->values, out->value_count, &out->value_capacity, sizeof *values, out->memory);
    if (!values)
        return fail_memory(m, dml_array_bytes(out->value_capacity, sizeof *values));
    out->values = values;
    values[out->value_count] = value;
    return dml_pickle_append(m, &m->stack, (uint32_t)out->value_count++);
}

/* Entries of the stack that may be taken: those above the last mark. */
static size_t height(const dml_machine *m)
{
    return m->stack.count - (m->marks.count ? m->marks.items[m->marks.count - 1] : 0);
}

dml_value *dml_pickle_top(const dml_machine *m, size_t n)
{
    return &m->out->values[m->stack.items[m->stack.count - 1 - n]];
}

int dml_pickle_need(const dml_machine *m, size_t n)
{
    return height(m) >= n ? DMLCSR_OK : dml_pickle_fail(m, "the stack is empty");
}

/* Appends stack[from ..], in steps of 1 (items) or 2 (key and value), to the container below them on the stack. */
static int fill(dml_machine *m, dml_value *container, size_t from, size_t step)
{
    dml_pickle *out = m->out;
    for (size_t i = from; i < m->stack.count; i += step) {
        if (out->cell_count >= LIMIT)
            return dml_pickle_fail(m, "more objects than a checkpoint has");
        dml_cell *cells = dml_array_grow(out->cells, out->cell_count, &out->cell_capacity, sizeof *cells, out->memory);
        if (!cells)
            return fail_memory(m, dml_array_bytes(out->cell_capacity, sizeof *cells));
        out->cells = cells;
        const uint32_t cell = (uint32_t)out->cell_count++;
        cells[cell] = (dml_cell){ m->stack.items[i], m->stack.items[i + step - 1], DML_NO_CELL };
        if (container->count++)
            cells[container->as.items.last].next = cell;
        else
            container->as.items.first = cell;
        container->as.items.last = cell;
    }
    m->stack.count = from;
    return DMLCSR_OK;
}

int dml_pickle_tuple(dml_machine *m, size_t n)
{
    int status;
    dml_value tuple = { .kind = DML_TUPLE };
    DML_TRY(dml_pickle_need(m, n));
    DML_TRY(fill(m, &tuple, m->stack.count - n, 1));
    DML_TRY(dml_pickle_push(m, tuple));
fail:
    return status;
}

/* Takes the last mark off; *n: the values above it. */
static int take_mark(dml_machine *m, size_t *n)
{
    if (!m->marks.count)
        return dml_pickle_fail(m, "a mark is missing");
    *n = height(m);
    m->marks.count--;
    return DMLCSR_OK;
}

int dml_pickle_fill(dml_machine *m, dml_kind kind, size_t n)
{
    const size_t step = kind == DML_DICT ? 2 : 1;
    if (n % step)
        return dml_pickle_fail(m, "a key without a value");
    if (height(m) <= n)
        return dml_pickle_fail(m, "the stack is empty");
    if (dml_pickle_top(m, n)->kind != kind)
        return dml_pickle_fail(m, kind == DML_DICT ? "items for what is not a dict" : "items for what is not a list");
    return fill(m, dml_pickle_top(m, n), m->stack.count - n, step);
}

int dml_pickle_fill_marked(dml_machine *m, dml_kind kind)
{
    size_t n = 0;
    int status = take_mark(m, &n);
    return status == DMLCSR_OK ? dml_pickle_fill(m, kind, n) : status;
}

int dml_pickle_put(dml_machine *m, uint32_t index)
{
    int status;
    DML_TRY(dml_pickle_need(m, 1));
    /* Indices count up, one for each instruction of two bytes or more: this keeps the memo smaller than the file. */
    if (index >= LIMIT || index > (size_t)(m->at - m->first))
        return dml_pickle_fail(m, "memo index too large");
    while (m->memo.count <= index)
        DML_TRY(dml_pickle_append(m, &m->memo, UNSET));
    m->memo.items[index] = m->stack.items[m->stack.count - 1];
fail:
    return status;
}

int dml_pickle_get(dml_machine *m, uint32_t index)
{
    if (index >= m->memo.count || m->memo.items[index] == UNSET)
        return dml_pickle_fail(m, "a memo entry that was never made");
    return dml_pickle_append(m, &m->stack, m->memo.items[index]);
}

int dml_pickle_tuple_marked(dml_machine *m)
{
    size_t n = 0;
    int status = take_mark(m, &n);
    return status == DMLCSR_OK ? dml_pickle_tuple(m, n) : status;
}
