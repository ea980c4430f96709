#include "support/golden_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what, const char *name)
{
    fprintf(stderr, "%s %s\n", what, name);
    exit(2);
}

char *golden_read(const char *file)
{
    FILE *f = fopen(file, "rb");
    if (!f)
        fail("cannot open", file);
    fseek(f, 0, SEEK_END);
    const long size = ftell(f);
    char *text = malloc((size_t)size + 1);
    rewind(f);
    if (!text || fread(text, 1, (size_t)size, f) != (size_t)size)
        fail("cannot read", file);
    text[size] = 0;
    fclose(f);
    return text;
}

static const char *space(const char *p)
{
    return p + strspn(p, " \t\r\n");
}

/* Behind the value that begins at p. The files have no escapes in strings. */
static const char *skip(const char *p)
{
    if (*p == '"')
        return strchr(p + 1, '"') + 1;
    if (*p != '{' && *p != '[')
        return p + strcspn(p, ",]} \t\r\n");
    int depth = 0;
    do {
        if (*p == '"')
            p = strchr(p + 1, '"');
        depth += *p == '{' || *p == '[';
        depth -= *p == '}' || *p == ']';
        p++;
    } while (depth);
    return p;
}

/* The next member of an object, from behind "{" or ",": its key's first character; NULL at the end. */
static const char *member(const char *p, size_t *length, const char **value)
{
    p = space(p);
    if (*p != '"')
        return NULL;
    *length = strcspn(p + 1, "\"");
    *value = space(space(p + 2 + *length) + 1);
    return p + 1;
}

/* The member `name` of an object, or an array's element of that number. */
static const char *step(const char *p, const char *name, size_t length)
{
    const char *value, *key;
    size_t n, index = (size_t)strtoul(name, NULL, 10);
    if (*p == '[') {
        for (p = space(p + 1); index-- && *p != ']';)
            p = space(space(skip(p)) + 1);
        return p;
    }
    for (p = *p == '{' ? p + 1 : p; (key = member(p, &n, &value));) {
        if (n == length && strncmp(key, name, n) == 0)
            return value;
        p = space(skip(value));
        if (*p++ != ',')
            break;
    }
    return NULL;
}

const char *golden_find(const char *text, const char *path)
{
    const char *p = space(text);
    while (p && *path) {
        const size_t length = strcspn(path, "/");
        p = step(p, path, length);
        path += length + (path[length] == '/');
    }
    return p;
}

double golden_number(const char *text, const char *path)
{
    const char *p = golden_find(text, path);
    if (!p)
        fail("the golden file lacks", path);
    return strtod(p, NULL);
}

double *golden_numbers(const char *text, const char *path, size_t *count)
{
    const char *p = golden_find(text, path);
    if (!p || *p != '[')
        fail("the golden file lacks the list", path);
    size_t room = 1;
    for (const char *q = p; *q != ']'; q++)
        room += *q == ',';
    double *values = malloc(room * sizeof *values);
    for (*count = 0, p = space(p + 1); *p != ']'; (*count)++) {
        values[*count] = strtod(p, NULL);
        p = space(skip(p));
        if (*p == ',')
            p = space(p + 1);
    }
    return values;
}

const char *golden_key(const char *text, const char *path, size_t index, char *key, size_t size)
{
    const char *p = golden_find(text, path), *value, *start;
    size_t n;
    for (p = p ? p + 1 : NULL; p && (start = member(p, &n, &value));) {
        if (index-- == 0) {
            snprintf(key, size, "%.*s", (int)n, start);
            return key;
        }
        p = space(skip(value));
        p = *p == ',' ? p + 1 : NULL;
    }
    return NULL;
}
