#include "model/pickle.h"

#include <string.h>

#include "model/pickle_stack.h"
#include "model/reader.h"

enum {
    PROTO = 0x80, NEWOBJ = 0x81, TUPLE1 = 0x85, TUPLE2 = 0x86, TUPLE3 = 0x87, NEWTRUE = 0x88, NEWFALSE = 0x89,
    LONG1 = 0x8A, MARK = '(', EMPTY_TUPLE = ')', STOP = '.', BINFLOAT = 'G', BININT = 'J', BININT1 = 'K',
    BININT2 = 'M', NONE = 'N', BINPERSID = 'Q', REDUCE = 'R', SHORT_BINSTRING = 'U', BINUNICODE = 'X',
    EMPTY_LIST = ']', APPEND = 'a', BUILD = 'b', GLOBAL = 'c', APPENDS = 'e', BINGET = 'h', LONG_BINGET = 'j',
    BINPUT = 'q', LONG_BINPUT = 'r', SETITEM = 's', TUPLE = 't', SETITEMS = 'u', EMPTY_DICT = '}'
};

static int need_bytes(const dml_machine *m, size_t n)
{
    return (size_t)(m->end - m->at) >= n ? DMLCSR_OK : dml_pickle_fail(m, "cut off");
}

static const struct {
    const char *name;
    dml_global global;
    dml_dtype dtype;
} globals[] = {
    { "collections.OrderedDict", DML_ORDERED_DICT, DML_OTHER },
    { "torch._utils._rebuild_tensor_v2", DML_REBUILD_TENSOR, DML_OTHER },
    { "torch._utils._rebuild_parameter", DML_REBUILD_PARAMETER, DML_OTHER },
    { "torch.DoubleStorage", DML_STORAGE_TYPE, DML_F64 },
    { "torch.FloatStorage", DML_STORAGE_TYPE, DML_F32 },
    { "torch.HalfStorage", DML_STORAGE_TYPE, DML_F16 },
    { "torch.BFloat16Storage", DML_STORAGE_TYPE, DML_BF16 },
    { "torch.LongStorage", DML_STORAGE_TYPE, DML_I64 },
    { "torch.IntStorage", DML_STORAGE_TYPE, DML_I32 },
    { "torch.ShortStorage", DML_STORAGE_TYPE, DML_I16 },
    { "torch.CharStorage", DML_STORAGE_TYPE, DML_I8 },
    { "torch.ByteStorage", DML_STORAGE_TYPE, DML_U8 },
    { "torch.BoolStorage", DML_STORAGE_TYPE, DML_BOOL },
};

/* A line of a GLOBAL; *length without the line end. */
static int take_line(dml_machine *m, const char **text, size_t *length)
{
    const unsigned char *end = memchr(m->at, '\n', (size_t)(m->end - m->at));
    if (!end)
        return dml_pickle_fail(m, "cut off");
    *text = (const char *)m->at;
    *length = (size_t)(end - m->at);
    m->at = end + 1;
    return DMLCSR_OK;
}

static int push_global(dml_machine *m)
{
    int status;
    const char *module = "", *name = "";
    size_t a = 0, b = 0;
    char full[64];
    DML_TRY(take_line(m, &module, &a));
    DML_TRY(take_line(m, &name, &b));
    if (a < sizeof full && b < sizeof full && a + b + 2 <= sizeof full) {
        memcpy(full, module, a);
        full[a] = '.';
        memcpy(full + a + 1, name, b);
        full[a + 1 + b] = 0;
        for (size_t i = 0; i < sizeof globals / sizeof *globals; i++) {
            if (!strcmp(full, globals[i].name) && strlen(full) == a + 1 + b)
                return dml_pickle_push(m, (dml_value){ .kind = DML_GLOBAL, .global = (uint8_t)globals[i].global,
                                            .dtype = (uint8_t)globals[i].dtype });
        }
    }
    return dml_fail(m->error, DMLCSR_ERROR_UNSUPPORTED,
                    "%s: its pickle asks at byte %zu for '%s.%s', which a state dict does not need: refused", m->label,
                    (size_t)(m->instruction - m->file), dml_quote(module, a).text, dml_quote(name, b).text);
fail:
    return status;
}

static int push_text(dml_machine *m, size_t size)
{
    if ((size_t)(m->end - m->at) < size)
        return dml_pickle_fail(m, "cut off");
    dml_value value = { .kind = DML_STRING, .count = (uint32_t)size };
    value.as.text = (const char *)m->at;
    m->at += size;
    return dml_pickle_push(m, value);
}

static int push_integer(dml_machine *m, int64_t integer)
{
    dml_value value = { .kind = DML_INTEGER };
    value.as.integer = integer;
    return dml_pickle_push(m, value);
}

/* LONG1: an integer of any length, two's complement. */
static int push_long(dml_machine *m, size_t size)
{
    if ((size_t)(m->end - m->at) < size)
        return dml_pickle_fail(m, "cut off");
    const unsigned char *bytes = m->at;
    m->at += size;
    if (size > 8)
        return dml_pickle_push(m, (dml_value){ .kind = DML_NUMBER });
    uint64_t bits = size && bytes[size - 1] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = size; i-- > 0;)
        bits = bits << 8 | bytes[i];
    int64_t integer;
    memcpy(&integer, &bits, sizeof integer);
    return push_integer(m, integer);
}

/* REDUCE and NEWOBJ: what calling a global with a tuple of arguments would give. */
static int call(dml_machine *m)
{
    int status;
    DML_TRY(dml_pickle_need(m, 2));
    const dml_value *called = dml_pickle_top(m, 1), *arguments = dml_pickle_top(m, 0), *first;
    const uint32_t tuple = m->stack.items[m->stack.count - 1];
    if (called->kind != DML_GLOBAL || arguments->kind != DML_TUPLE)
        return dml_pickle_fail(m, "a call of what is not a function");
    m->stack.count -= 2;
    switch (called->global) {
    case DML_ORDERED_DICT:
        return arguments->count ? dml_pickle_fail(m, "an OrderedDict made with arguments")
                                : dml_pickle_push(m, (dml_value){ .kind = DML_DICT });
    case DML_REBUILD_TENSOR: {
        dml_value tensor = { .kind = DML_TENSOR };
        tensor.as.inner = tuple;
        return arguments->count < 6 ? dml_pickle_fail(m, "a tensor with too few arguments")
                                    : dml_pickle_push(m, tensor);
    }
    case DML_REBUILD_PARAMETER:
        first = dml_pickle_item(m->out, arguments, 0);
        if (!first || first->kind != DML_TENSOR)
            return dml_pickle_fail(m, "a parameter that is not a tensor");
        return dml_pickle_append(m, &m->stack, (uint32_t)(first - m->out->values));
    default: return dml_pickle_fail(m, "a call of what is not a function");
    }
fail:
    return status;
}

static int push_storage(dml_machine *m)
{
    int status;
    DML_TRY(dml_pickle_need(m, 1));
    if (dml_pickle_top(m, 0)->kind != DML_TUPLE)
        return dml_pickle_fail(m, "a persistent id that is not a tuple");
    dml_value storage = { .kind = DML_STORAGE };
    storage.as.inner = m->stack.items[--m->stack.count];
    return dml_pickle_push(m, storage);
fail:
    return status;
}

/* BUILD sets attributes of an object, such as the _metadata of a state dict: of no use here. */
static int drop_state(dml_machine *m)
{
    int status;
    DML_TRY(dml_pickle_need(m, 2));
    if (dml_pickle_top(m, 1)->kind != DML_DICT)
        return dml_pickle_fail(m, "attributes for what has none");
    m->stack.count--;
fail:
    return status;
}

/* Bytes of the fixed argument behind an opcode; -1 for an opcode that is not needed. */
static int argument_size(unsigned opcode)
{
    switch (opcode) {
    case NEWOBJ: case TUPLE1: case TUPLE2: case TUPLE3: case NEWTRUE: case NEWFALSE: case MARK: case EMPTY_TUPLE:
    case NONE: case BINPERSID: case REDUCE: case EMPTY_LIST: case APPEND: case BUILD: case GLOBAL: case APPENDS:
    case SETITEM: case TUPLE: case SETITEMS: case EMPTY_DICT: case STOP: return 0;
    case PROTO: case LONG1: case BININT1: case SHORT_BINSTRING: case BINGET: case BINPUT: return 1;
    case BININT2: return 2;
    case BININT: case BINUNICODE: case LONG_BINGET: case LONG_BINPUT: return 4;
    case BINFLOAT: return 8;
    default: return -1;
    }
}

/* Instructions that carry their value. */
static int run_literal(dml_machine *m, unsigned opcode, uint32_t n)
{
    switch (opcode) {
    case PROTO: return n == 2 ? DMLCSR_OK : dml_pickle_fail(m, "not of protocol 2");
    case NONE: return dml_pickle_push(m, (dml_value){ .kind = DML_NONE });
    case NEWTRUE: case NEWFALSE: return dml_pickle_push(m, (dml_value){ .kind = DML_FLAG });
    case BININT: return push_integer(m, n < 0x80000000 ? (int64_t)n : (int64_t)n - INT64_C(0x100000000));
    case BININT1: case BININT2: return push_integer(m, n);
    case BINFLOAT: return dml_pickle_push(m, (dml_value){ .kind = DML_NUMBER });
    case LONG1: return push_long(m, n);
    case BINUNICODE: case SHORT_BINSTRING: return push_text(m, n);
    case GLOBAL: return push_global(m);
    case EMPTY_TUPLE: return dml_pickle_push(m, (dml_value){ .kind = DML_TUPLE });
    case EMPTY_LIST: return dml_pickle_push(m, (dml_value){ .kind = DML_LIST });
    default: return dml_pickle_push(m, (dml_value){ .kind = DML_DICT }); /* EMPTY_DICT */
    }
}

static int run_instruction(dml_machine *m, unsigned opcode, uint32_t n)
{
    switch (opcode) {
    case MARK: return dml_pickle_append(m, &m->marks, (uint32_t)m->stack.count);
    case TUPLE: return dml_pickle_tuple_marked(m);
    case TUPLE1: return dml_pickle_tuple(m, 1);
    case TUPLE2: return dml_pickle_tuple(m, 2);
    case TUPLE3: return dml_pickle_tuple(m, 3);
    case APPEND: return dml_pickle_fill(m, DML_LIST, 1);
    case APPENDS: return dml_pickle_fill_marked(m, DML_LIST);
    case SETITEM: return dml_pickle_fill(m, DML_DICT, 2);
    case SETITEMS: return dml_pickle_fill_marked(m, DML_DICT);
    case BINPUT: case LONG_BINPUT: return dml_pickle_put(m, n);
    case BINGET: case LONG_BINGET: return dml_pickle_get(m, n);
    case REDUCE: case NEWOBJ: return call(m);
    case BINPERSID: return push_storage(m);
    case BUILD: return drop_state(m);
    default: return run_literal(m, opcode, n);
    }
}

static int run(dml_machine *m)
{
    int status;
    for (;;) {
        m->instruction = m->at;
        DML_TRY(need_bytes(m, 1));
        const unsigned opcode = *m->at++;
        const int size = argument_size(opcode);
        if (size < 0)
            return dml_fail(m->error, DMLCSR_ERROR_UNSUPPORTED,
                            "%s: its pickle has instruction 0x%02X at byte %zu, which a state dict does not need: "
                            "refused",
                            m->label, opcode, (size_t)(m->instruction - m->file));
        DML_TRY(need_bytes(m, (size_t)size));
        const unsigned char *p = m->at;
        const uint32_t n = size == 1 ? *p : size == 2 ? dml_le16(p) : size == 4 ? dml_le32(p) : 0;
        m->at += size;
        if (opcode == STOP)
            break;
        DML_TRY(run_instruction(m, opcode, n));
    }
    if (m->stack.count != 1 || m->marks.count)
        return dml_pickle_fail(m, "it does not end with one value");
    m->out->root = m->stack.items[0];
fail:
    return status;
}

int dml_pickle_run(dml_pickle *pickle, const unsigned char *file, size_t end, size_t *at, const char *label,
                   dml_memory *memory, dml_error *error)
{
    *pickle = (dml_pickle){ .memory = memory };
    dml_machine m = { .out = pickle, .label = label, .error = error, .file = file,
                      .first = file + *at, .at = file + *at, .end = file + end };
    int status = run(&m);
    *at = (size_t)(m.at - file);
    dml_release(memory, m.stack.items);
    dml_release(memory, m.marks.items);
    dml_release(memory, m.memo.items);
    return status;
}

void dml_pickle_free(dml_pickle *pickle)
{
    if (!pickle->memory)
        return;
    dml_release(pickle->memory, pickle->values);
    dml_release(pickle->memory, pickle->cells);
    *pickle = (dml_pickle){ 0 };
}

uint32_t dml_pickle_first(const dml_value *container)
{
    return container->count ? container->as.items.first : DML_NO_CELL;
}

const dml_value *dml_pickle_item(const dml_pickle *pickle, const dml_value *container, uint32_t index)
{
    uint32_t cell = dml_pickle_first(container);
    while (cell != DML_NO_CELL && index--)
        cell = pickle->cells[cell].next;
    return cell == DML_NO_CELL ? NULL : &pickle->values[pickle->cells[cell].value];
}
