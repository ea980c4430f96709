#include "report.h"

#include <inttypes.h>
#include <string.h>

#include "json.h"

void findings_count(findings *f)
{
    memset(f->of, 0, sizeof f->of);
    const uint8_t *label = f->labels;
    for (uint32_t y = 0; y < f->photo->height; y++) {
        for (uint32_t x = 0; x < f->photo->width; x++, label++) {
            class_statistics *c = &f->of[*label];
            if (c->pixels++ == 0) {
                c->left = c->right = x;
                c->top = y;
            }
            c->bottom = y;
            c->left = x < c->left ? x : c->left;
            c->right = x > c->right ? x : c->right;
        }
    }
}

double findings_share(const findings *f, unsigned label)
{
    return (double)f->of[label].pixels / ((double)f->photo->width * f->photo->height);
}

void report_table(FILE *out, const class_list *classes, const findings *f)
{
    fprintf(out, "%s: %" PRIu32 " x %" PRIu32 " pixels, parsed in %.2f s\n", f->file, f->photo->width, f->photo->height,
            f->seconds_parse);
    fprintf(out, "  %3s  %-14s %12s %9s\n", "id", "class", "pixels", "share");
    for (uint32_t i = 0; i < classes->count; i++)
        if (f->shown[i] && f->of[i].pixels)
            fprintf(out, "  %3" PRIu32 "  %-14s %12" PRIu64 " %7.2f %%\n", i, classes->names[i],
                    f->of[i].pixels, 100 * findings_share(f, i));
    for (size_t i = 0; i < f->written_count; i++)
        fprintf(out, "  wrote %s\n", f->written[i]);
}

static void write_classes(FILE *out, const class_list *classes, const findings *f)
{
    const char *separator = "";
    fputs(",\"classes\":[", out);
    for (uint32_t i = 0; i < classes->count; i++) {
        const class_statistics *c = &f->of[i];
        if (!f->shown[i])
            continue;
        fprintf(out, "%s{\"id\":%" PRIu32 ",\"name\":", separator, i);
        json_write_string(out, classes->names[i]);
        fprintf(out, ",\"color\":\"#%06" PRIx32 "\",\"pixels\":%" PRIu64 ",\"share\":%.6f,\"box\":",
                classes->colors[i], c->pixels, findings_share(f, i));
        if (c->pixels)
            fprintf(out, "[%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 "]}", c->left, c->top, c->right - c->left + 1,
                    c->bottom - c->top + 1);
        else
            fputs("null}", out);
        separator = ",";
    }
    fputc(']', out);
}

static void write_regions(FILE *out, const findings *f)
{
    fputs(",\"regions\":[", out);
    for (size_t i = 0; i < f->region_count; i++) {
        const dmlcsr_region *r = &f->regions[i];
        fprintf(out, "%s{\"x\":%g,\"y\":%g,\"size\":%g,\"degrees\":%.6g,\"context\":%g", i ? "," : "",
                (double)r->center_x, (double)r->center_y, (double)r->size, (double)r->rotation * 57.295779513082321,
                r->context > 0 ? (double)r->context : 2.0);
        if (f->faces)
            fprintf(out, ",\"confidence\":%.4f,\"box\":[%g,%g,%g,%g]", (double)f->faces[i].confidence,
                    (double)f->faces[i].left, (double)f->faces[i].top,
                    (double)(f->faces[i].right - f->faces[i].left), (double)(f->faces[i].bottom - f->faces[i].top));
        fputc('}', out);
    }
    fputc(']', out);
}

static void write_files(FILE *out, const findings *f)
{
    fputs(",\"files\":[", out);
    for (size_t i = 0; i < f->written_count; i++) {
        fputs(i ? "," : "", out);
        json_write_string(out, f->written[i]);
    }
    fputc(']', out);
}

void report_json(FILE *out, const dmlcsr *parser, const class_list *classes, const arguments *a, const findings *f)
{
    fputs("{\"file\":", out);
    json_write_string(out, f->file);
    fprintf(out, ",\"width\":%" PRIu32 ",\"height\":%" PRIu32 ",\"model\":", f->photo->width, f->photo->height);
    json_write_string(out, a->model ? a->model : "small");
    if (classes->scheme)
        fprintf(out, ",\"scheme\":\"%s\"", classes->scheme);
    fputs(",\"side\":", out);
    json_write_string(out, classes->side);
    fprintf(out, ",\"input_size\":%" PRIu32 ",\"isa\":\"%s\",\"precision\":\"%s\",\"threads\":%" PRIu32,
            dmlcsr_input_size(parser), dmlcsr_isa(parser), dmlcsr_precision(parser), dmlcsr_threads(parser));
    fprintf(out, ",\"seconds\":{\"read\":%.4f,\"parse\":%.4f,\"write\":%.4f}", f->seconds_read, f->seconds_parse,
            f->seconds_write);
    write_regions(out, f);
    write_classes(out, classes, f);
    write_files(out, f);
    if (f->photo->warning.text[0]) {
        fputs(",\"warning\":", out);
        json_write_string(out, f->photo->warning.text);
    }
    fputs("}\n", out);
}

void report_json_error(FILE *out, const char *file, const char *sentence)
{
    fputs("{\"file\":", out);
    json_write_string(out, file);
    fputs(",\"error\":", out);
    json_write_string(out, sentence);
    fputs("}\n", out);
}
