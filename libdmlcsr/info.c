#include "info.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/net.h"

#define SIZE_PUBLISHED 473
#define SPACES " \t\r\n"

/* Lists of the data sets, in the order of their class ids, for checkpoints that do not carry theirs. */
static const char celebamask_hq[] = "background skin nose eye_g l_eye r_eye l_brow r_brow l_ear r_ear mouth u_lip l_lip "
                                    "hair hat ear_r neck_l neck cloth";
static const char lapa[] = "background skin l_brow r_brow l_eye r_eye nose u_lip mouth l_lip hair"; /* Helen's, too */

/* Bytes of all strings of the model's metadata, and of the class list. */
static size_t text_size(const dml_metadata *metadata, uint32_t classes)
{
    size_t size = classes * sizeof "class255" + sizeof celebamask_hq + 1;
    for (size_t i = 0; i < 2 * metadata->pairs; i++)
        size += 2 * (strlen(metadata->pair[i]) + 1); /* the class list is copied once more to be cut up */
    return size;
}

static char *append(char **at, const char *string)
{
    char *start = *at;
    size_t size = strlen(string) + 1;
    memcpy(start, string, size);
    *at += size;
    return start;
}

/* Cuts the list up at its spaces. */
static int read_classes(dml_info *info, char **at, dml_error *error)
{
    const char *given = dml_info_metadata(info, "dmlcsr.classes"), *list = given;
    uint32_t count = 0;
    if (!list)
        list = info->classes == 19 ? celebamask_hq : info->classes == 11 ? lapa : "";
    char *word = append(at, list);
    for (word += strspn(word, SPACES); *word; word += strspn(word, SPACES)) {
        if (count < info->classes)
            info->class_name[count] = word;
        count++;
        word += strcspn(word, SPACES);
        if (*word)
            *word++ = 0;
    }
    if (given && count != info->classes)
        return dml_fail(error, DMLCSR_ERROR_MODEL, "metadata dmlcsr.classes names %u classes, the network has %u",
                        (unsigned)count, (unsigned)info->classes);
    for (uint32_t i = given ? info->classes : count; i < info->classes; i++) {
        char name[16];
        snprintf(name, sizeof name, "class%u", (unsigned)i);
        info->class_name[i] = append(at, name);
    }
    return DMLCSR_OK;
}

/* Three numbers. strtod follows the program's locale for the decimal point; the published files use a point, so it is
   read by hand: digits, at most one point. */
static bool read_three(const char *text, float out[3])
{
    for (int i = 0; i < 3; i++) {
        double value = 0.0, unit = 1.0;
        bool digits = false, fraction = false;
        for (text += strspn(text, SPACES ","); *text && !strchr(SPACES ",", *text); text++) {
            if (*text == '.' && !fraction) {
                fraction = true;
            } else if (*text >= '0' && *text <= '9') {
                value = value * 10.0 + (*text - '0');
                unit *= fraction ? 10.0 : 1.0;
                digits = true;
            } else {
                return false;
            }
        }
        out[i] = (float)(value / unit);
        if (!digits || !isfinite(out[i]))
            return false;
    }
    return text[strspn(text, SPACES)] == 0;
}

static int bad(dml_error *error, const char *key, const char *value, const char *must)
{
    return dml_fail(error, DMLCSR_ERROR_MODEL, "metadata %s is \"%.40s\", must be %s", key, value, must);
}

static int read_preprocess(dml_info *info, dml_error *error)
{
    dml_preprocess *p = &info->preprocess;
    const char *text;
    *p = (dml_preprocess){{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}, true};
    if ((text = dml_info_metadata(info, "dmlcsr.mean")) && !read_three(text, p->mean))
        return bad(error, "dmlcsr.mean", text, "three numbers");
    if ((text = dml_info_metadata(info, "dmlcsr.std"))
        && (!read_three(text, p->std) || p->std[0] <= 0.0f || p->std[1] <= 0.0f || p->std[2] <= 0.0f))
        return bad(error, "dmlcsr.std", text, "three numbers above 0");
    if ((text = dml_info_metadata(info, "dmlcsr.channels"))) {
        if (strcmp(text, "bgr") != 0 && strcmp(text, "rgb") != 0)
            return bad(error, "dmlcsr.channels", text, "bgr or rgb");
        p->bgr = strcmp(text, "bgr") == 0;
    }
    return DMLCSR_OK;
}

static int read_rest(dml_info *info, dml_error *error)
{
    const char *text = dml_info_metadata(info, "dmlcsr.size");
    char *end;
    info->size = SIZE_PUBLISHED;
    if (text) {
        unsigned long size = strtoul(text, &end, 10);
        if (*end || size < DML_SIDE_MIN || size > DML_SIDE_MAX)
            return bad(error, "dmlcsr.size", text, "a number from 17 to 4097");
        info->size = (uint32_t)size;
    }
    text = dml_info_metadata(info, "dmlcsr.side");
    if (text && strcmp(text, "subject") != 0 && strcmp(text, "picture") != 0)
        return bad(error, "dmlcsr.side", text, "subject or picture");
    info->side = text ? text : info->classes == 19 ? "subject" : "unknown";
    return read_preprocess(info, error);
}

int dml_info_create(dml_info *info, const dml_metadata *metadata, uint32_t classes, dml_memory *memory,
                    dml_error *error)
{
    int status;
    size_t pairs = metadata->pairs, bytes = text_size(metadata, classes);
    *info = (dml_info){.classes = classes, .pairs = pairs};
    info->text = dml_alloc(memory, bytes);
    info->class_name = dml_alloc(memory, classes * sizeof *info->class_name);
    info->pair = dml_alloc(memory, (2 * pairs + 1) * sizeof *info->pair);
    if (!info->text || !info->class_name || !info->pair) {
        status = dml_fail(error, dml_memory_status(memory, bytes), "no memory for %zu bytes of metadata", bytes);
        goto fail;
    }
    char *at = info->text;
    for (size_t i = 0; i < 2 * pairs; i++)
        info->pair[i] = append(&at, metadata->pair[i]);
    DML_TRY(read_classes(info, &at, error));
    DML_TRY(read_rest(info, error));
    return DMLCSR_OK;
fail:
    dml_info_free(info, memory);
    return status;
}

void dml_info_free(dml_info *info, dml_memory *memory)
{
    dml_release(memory, info->text);
    dml_release(memory, info->class_name);
    dml_release(memory, info->pair);
    *info = (dml_info){0};
}

const char *dml_info_metadata(const dml_info *info, const char *key)
{
    for (size_t i = 0; i < info->pairs; i++)
        if (strcmp(info->pair[2 * i], key) == 0)
            return info->pair[2 * i + 1];
    return NULL;
}
