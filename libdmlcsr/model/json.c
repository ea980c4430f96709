#include "model/json.h"

#include <string.h>

#include "model/names.h"

void dml_json_init(dml_json *json, const void *text, size_t size)
{
    json->start = json->at = text;
    json->end = json->start + size;
    json->problem = "";
}

static bool problem(dml_json *json, const char *text)
{
    json->problem = text;
    return false;
}

static void skip_space(dml_json *json)
{
    while (json->at < json->end
           && (*json->at == ' ' || *json->at == '\t' || *json->at == '\n' || *json->at == '\r'))
        json->at++;
}

bool dml_json_take(dml_json *json, char c)
{
    skip_space(json);
    if (json->at == json->end || *json->at != (unsigned char)c)
        return false;
    json->at++;
    return true;
}

bool dml_json_expect(dml_json *json, char c, const char *text)
{
    return dml_json_take(json, c) || problem(json, text);
}

bool dml_json_done(dml_json *json)
{
    skip_space(json);
    return json->at == json->end;
}

/* Four hexadecimal digits. */
static bool take_hex(dml_json *json, uint32_t *code)
{
    if (json->end - json->at < 4)
        return problem(json, "ends inside an escape");
    *code = 0;
    for (int i = 0; i < 4; i++, json->at++) {
        unsigned char c = *json->at;
        uint32_t digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
                         : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
        if (digit == 16)
            return problem(json, "\\u needs four hexadecimal digits");
        *code = *code * 16 + digit;
    }
    return true;
}

static size_t put_utf8(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* What follows a backslash, as UTF-8 in out. */
static bool take_escape(dml_json *json, char out[4], size_t *length)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (json->at == json->end)
        return problem(json, "ends inside an escape");
    unsigned char c = *json->at++;
    const char *letter = c ? strchr(letters, c) : NULL;
    if (letter) {
        out[0] = meanings[letter - letters];
        *length = 1;
        return true;
    }
    uint32_t code, low;
    if (c != 'u')
        return problem(json, "unknown escape in a string");
    if (!take_hex(json, &code))
        return false;
    if (code >= 0xD800 && code < 0xDC00) {
        if (json->end - json->at < 2 || json->at[0] != '\\' || json->at[1] != 'u')
            return problem(json, "half of a surrogate pair");
        json->at += 2;
        if (!take_hex(json, &low))
            return false;
        if (low < 0xDC00 || low > 0xDFFF)
            return problem(json, "half of a surrogate pair");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
        return problem(json, "half of a surrogate pair");
    }
    if (!code)
        return problem(json, "NUL character in a string");
    *length = put_utf8(code, out);
    return true;
}

bool dml_json_string(dml_json *json, char *out, size_t *length)
{
    size_t used = 0;
    if (!dml_json_expect(json, '"', "a string is missing"))
        return false;
    while (json->at < json->end && *json->at != '"') {
        char escaped[4];
        const void *from = json->at;
        size_t step;
        if (*json->at < 0x20)
            return problem(json, "control character in a string");
        if (*json->at == '\\') {
            json->at++;
            if (!take_escape(json, escaped, &step))
                return false;
            from = escaped;
        } else {
            step = dml_utf8_length(json->at, json->end);
            if (!step)
                return problem(json, "malformed UTF-8 in a string");
            json->at += step;
        }
        if (out)
            memcpy(out + used, from, step);
        used += step;
    }
    if (json->at == json->end)
        return problem(json, "a string does not end");
    json->at++;
    if (out)
        out[used] = 0;
    if (length)
        *length = used;
    return true;
}

static bool is_digit(const dml_json *json)
{
    return json->at < json->end && *json->at >= '0' && *json->at <= '9';
}

bool dml_json_unsigned(dml_json *json, uint64_t *value)
{
    skip_space(json);
    if (!is_digit(json))
        return problem(json, "a whole number is missing");
    uint64_t sum = 0;
    const unsigned char *first = json->at;
    for (; is_digit(json); json->at++) {
        uint64_t digit = *json->at - '0';
        if (sum > (UINT64_MAX - digit) / 10)
            return problem(json, "number too large");
        sum = sum * 10 + digit;
    }
    if (*first == '0' && json->at - first > 1)
        return problem(json, "number with a leading zero");
    if (json->at < json->end && (*json->at == '.' || *json->at == 'e' || *json->at == 'E'))
        return problem(json, "a whole number is missing");
    *value = sum;
    return true;
}

static bool skip_digits(dml_json *json)
{
    if (!is_digit(json))
        return problem(json, "malformed number");
    while (is_digit(json))
        json->at++;
    return true;
}

static bool skip_number(dml_json *json)
{
    if (*json->at == '-')
        json->at++;
    if (json->at < json->end && *json->at == '0')
        json->at++;
    else if (!skip_digits(json))
        return false;
    if (json->at < json->end && *json->at == '.') {
        json->at++;
        if (!skip_digits(json))
            return false;
    }
    if (json->at < json->end && (*json->at == 'e' || *json->at == 'E')) {
        json->at++;
        if (json->at < json->end && (*json->at == '+' || *json->at == '-'))
            json->at++;
        return skip_digits(json);
    }
    return true;
}

/* A value without inner structure. */
static bool skip_plain(dml_json *json)
{
    static const char *const words[] = { "true", "false", "null" };
    if (json->at == json->end)
        return problem(json, "a value is missing");
    if (*json->at == '"')
        return dml_json_string(json, NULL, NULL);
    if (*json->at == '-' || is_digit(json))
        return skip_number(json);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i]);
        if ((size_t)(json->end - json->at) >= length && !memcmp(json->at, words[i], length)) {
            json->at += length;
            return true;
        }
    }
    return problem(json, "a value is missing");
}

static bool skip_key(dml_json *json)
{
    return dml_json_string(json, NULL, NULL) && dml_json_expect(json, ':', "':' is missing");
}

bool dml_json_skip(dml_json *json)
{
    bool object[DML_JSON_DEPTH];
    size_t depth = 0;
    for (;;) {
        bool opened = dml_json_take(json, '{');
        if (opened || dml_json_take(json, '[')) {
            if (depth == DML_JSON_DEPTH)
                return problem(json, "values nested too deeply");
            object[depth++] = opened;
            if (!dml_json_take(json, opened ? '}' : ']')) {
                if (opened && !skip_key(json))
                    return false;
                continue; /* to the first value inside */
            }
            depth--;
        } else if (!skip_plain(json)) {
            return false;
        }
        while (depth && dml_json_take(json, object[depth - 1] ? '}' : ']'))
            depth--;
        if (!depth)
            return true;
        if (!dml_json_expect(json, ',', "',' is missing"))
            return false;
        if (object[depth - 1] && !skip_key(json))
            return false;
    }
}
