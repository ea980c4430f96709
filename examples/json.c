#define _POSIX_C_SOURCE 200809L
#include "json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16, SIZE_LARGEST = 1 << 26 };

/* ---- writing ---- */

/* Length of the UTF-8 sequence at `s`, or 0 when it is not one. */
static int sequence(const unsigned char *s)
{
    int length = *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 0;
    for (int i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool beyond = (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xf4 && s[1] >= 0x90); /* surrogates; above 10FFFF */
    return length > 1 && (overlong || beyond) ? 0 : length;
}

void json_write_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        int length = sequence(s);
        if (length == 0)
            fputs("\\ufffd", out);
        else if (*s == '"' || *s == '\\')
            fprintf(out, "\\%c", *s);
        else if (*s < 32 || *s == 127)
            fprintf(out, "\\u%04x", *s);
        else
            fwrite(s, 1, (size_t)length, out);
        s += length ? length : 1;
    }
    fputc('"', out);
}

/* ---- reading ---- */

typedef struct reader {
    const char *at; /* ends with a 0 byte */
    int depth;
} reader;

static bool read_value(reader *r, json *out);

static void skip_blanks(reader *r)
{
    r->at += strspn(r->at, " \t\r\n");
}

static bool take(reader *r, const char *word)
{
    size_t length = strlen(word);
    skip_blanks(r);
    if (strncmp(r->at, word, length) != 0)
        return false;
    r->at += length;
    return true;
}

/* \uXXXX as UTF-8. Halves of a pair stay what they are: our own files have none. */
static bool read_code(reader *r, char **to)
{
    char digits[5] = "", *end;
    memcpy(digits, r->at, strnlen(r->at, 4));
    unsigned long code = strtoul(digits, &end, 16);
    if (end != digits + 4 || code == 0)
        return false;
    r->at += 4;
    if (code < 0x80)
        *(*to)++ = (char)code;
    else if (code < 0x800) {
        *(*to)++ = (char)(0xc0 | code >> 6);
        *(*to)++ = (char)(0x80 | (code & 63));
    } else {
        *(*to)++ = (char)(0xe0 | code >> 12);
        *(*to)++ = (char)(0x80 | (code >> 6 & 63));
        *(*to)++ = (char)(0x80 | (code & 63));
    }
    return true;
}

/* What is unescaped is never longer than what stands in the file. */
static char *read_string(reader *r)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    if (!take(r, "\""))
        return NULL;
    size_t size = 1;
    for (const char *end = r->at; *end && *end != '"'; end++, size++)
        if (*end == '\\' && end[1]) {
            end++;
            size++;
        }
    char *text = malloc(size), *to = text;
    while (text && *r->at && *r->at != '"') {
        const char *letter = *r->at == '\\' && r->at[1] ? strchr(letters, r->at[1]) : NULL;
        bool code = *r->at == '\\' && r->at[1] == 'u';
        if (*r->at != '\\')
            *to++ = *r->at++;
        else if (letter) {
            *to++ = meant[letter - letters];
            r->at += 2;
        } else if (!code || (r->at += 2, !read_code(r, &to)))
            break;
    }
    if (text && *r->at == '"') {
        *to = 0;
        r->at++;
        return text;
    }
    free(text);
    return NULL;
}

static bool read_items(reader *r, json *out, const char *close)
{
    if (take(r, close))
        return true;
    do {
        if (out->count % 64 == 0) {
            json *more = realloc(out->items, (out->count + 64) * sizeof *more);
            if (!more)
                return false;
            out->items = more;
        }
        json *item = &out->items[out->count];
        memset(item, 0, sizeof *item);
        out->count++; /* from here on json_free() finds it, whole or not */
        if (out->type == JSON_OBJECT && (!(item->key = read_string(r)) || !take(r, ":")))
            return false;
        if (!read_value(r, item))
            return false;
    } while (take(r, ","));
    return take(r, close);
}

static bool read_value(reader *r, json *out)
{
    bool ok = ++r->depth <= DEPTH_MAX;
    skip_blanks(r);
    if (!ok)
        return false;
    if (*r->at == '"') {
        out->type = JSON_STRING;
        ok = (out->text = read_string(r)) != NULL;
    } else if (take(r, "[")) {
        out->type = JSON_ARRAY;
        ok = read_items(r, out, "]");
    } else if (take(r, "{")) {
        out->type = JSON_OBJECT;
        ok = read_items(r, out, "}");
    } else if (take(r, "true") || take(r, "false")) {
        out->type = JSON_BOOLEAN;
        out->number = r->at[-2] == 'u';
    } else if (!take(r, "null")) {
        char *end;
        out->type = JSON_NUMBER;
        out->number = strtod(r->at, &end);
        ok = end != r->at;
        r->at = end;
    }
    r->depth--;
    return ok;
}

static char *read_text(const char *path, note *error)
{
    FILE *file = fopen(path, "rb");
    char *text = file ? malloc(SIZE_LARGEST + 1) : NULL;
    size_t size = text ? fread(text, 1, SIZE_LARGEST + 1, file) : 0;
    bool ok = text && !ferror(file) && size <= SIZE_LARGEST;
    if (ok)
        text[size] = 0;
    else if (text && !ferror(file))
        note_set(error, "%s: is too large", path);
    else
        note_set(error, "%s: cannot be read: %s", path, strerror(errno));
    if (file)
        fclose(file);
    if (ok)
        return text;
    free(text);
    return NULL;
}

bool json_read(json *out, const char *path, note *error)
{
    memset(out, 0, sizeof *out);
    char *text = read_text(path, error);
    if (!text)
        return false;
    reader r = { text, 0 };
    bool ok = read_value(&r, out);
    skip_blanks(&r);
    ok = ok && !*r.at;
    if (!ok) {
        note_set(error, "%s: is not JSON, from byte %zu on", path, (size_t)(r.at - text));
        json_free(out);
    }
    free(text);
    return ok;
}

void json_free(json *j)
{
    for (size_t i = 0; i < j->count; i++)
        json_free(&j->items[i]);
    free(j->items);
    free(j->text);
    free(j->key);
    memset(j, 0, sizeof *j);
}

const json *json_get(const json *object, const char *key, int type)
{
    for (size_t i = 0; object && object->type == JSON_OBJECT && i < object->count; i++)
        if (strcmp(object->items[i].key, key) == 0)
            return object->items[i].type == type ? &object->items[i] : NULL;
    return NULL;
}
