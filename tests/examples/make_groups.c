/*
 * Group pictures made of one face, for the test of dmlcsr-parse --faces.
 *
 *   make_groups write FACE X,Y,SIZE FOLDER     writes the pictures of the table below, and pictures without a face
 *   make_groups check NAME JSON                status 0 when the regions in the JSON line of picture NAME are its faces
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"

#define DEGREE 0.017453292519943295

/* A face is where it should be when the network, as it was trained (weights/recipes/small.toml), would not care: it has seen
   faces moved by .08 of the picture, which is .16 of the face, up to .35 larger and smaller, and turned with a deviation of
   15 degrees. */
#define OFF_CENTRE .16
#define OFF_SIZE .35
#define OFF_TILT 15.

typedef struct place {
    double x, y, size, tilt; /* pixels and degrees */
} place;

typedef struct group {
    const char *name;
    uint32_t width, height;
    int ground; /* 0: plain, 1: a gradient, 2: noise */
    int count;
    place places[6];
} group;

static const group groups[] = {
    { "portrait", 220, 260, 0, 1, { { 105, 120, 110, 0 } } },
    { "close", 200, 200, 0, 1, { { 100, 95, 150, 0 } } },
    { "tilted", 400, 300, 1, 2, { { 110, 120, 80, 25 }, { 290, 150, 80, -25 } } },
    { "party", 640, 480, 1, 5, { { 130, 150, 120, -8 }, { 330, 120, 60, 0 }, { 470, 250, 90, 10 }, { 250, 380, 40, 5 },
                                 { 560, 90, 50, -5 } } },
    { "crowd", 400, 300, 0, 6, { { 60, 60, 40, 0 }, { 150, 70, 44, 5 }, { 250, 60, 48, -5 }, { 70, 200, 52, 8 },
                                 { 200, 210, 56, -8 }, { 320, 200, 60, 0 } } },
};
#define GROUPS (sizeof groups / sizeof *groups)

/* ---- pictures ---- */

static uint32_t state = 1;

static uint8_t noise(void)
{
    state = state * 1664525u + 1013904223u;
    return (uint8_t)(state >> 24);
}

static void ground(uint8_t *pixels, uint32_t width, uint32_t height, int kind)
{
    for (uint32_t i = 0; i < width * height; i++)
        for (int c = 0; c < 3; c++)
            pixels[3 * i + c] = kind == 2   ? noise()
                                : kind == 1 ? (uint8_t)(60 + 120 * (i / width) / height + 40 * c * (i % width) / width / 2)
                                            : (uint8_t)(110 + 20 * c);
}

/* The mean of the picture over a square of side `reach` around (x, y): enough where it shrinks, sharp where not. */
static void sample(const picture *from, double x, double y, double reach, uint8_t *out)
{
    const int n = (int)ceil(2 * reach) + 1;
    double sum[3] = { 0, 0, 0 };
    for (int i = 0; i < n * n; i++) {
        const double sx = x + reach * ((i % n + .5) / n - .5), sy = y + reach * ((i / n + .5) / n - .5);
        const long px = lround(fmin(fmax(sx, 0), from->width - 1)), py = lround(fmin(fmax(sy, 0), from->height - 1));
        for (int c = 0; c < 3; c++)
            sum[c] += from->pixels[3 * ((size_t)py * from->width + (size_t)px) + (size_t)c];
    }
    for (int c = 0; c < 3; c++)
        out[c] = (uint8_t)(sum[c] / (n * n) + .5);
}

/* Head, hair and shoulders, in an oval of what the network looks at. */
static void paste(uint8_t *pixels, const group *g, const place *p, const picture *face, const place *where)
{
    const double scale = where->size / p->size, a = p->tilt * DEGREE;
    for (uint32_t i = 0; i < g->width * g->height; i++) {
        const double dx = i % g->width - p->x, dy = i / g->width - p->y;
        const double u = (cos(a) * dx + sin(a) * dy) * scale, v = (cos(a) * dy - sin(a) * dx) * scale;
        if (hypot(u / .85, v) < .98 * where->size)
            sample(face, where->x + u, where->y + v, fmax(scale, 1), pixels + 3 * (size_t)i);
    }
}

static void save(const char *folder, const char *name, const uint8_t *pixels, uint32_t width, uint32_t height)
{
    char path[1024];
    note error;
    const png_source source = { pixels, width, height, 3, NULL, 0 };
    snprintf(path, sizeof path, "%s/%s.png", folder, name);
    if (png_save(path, &source, &error))
        return;
    printf("%s: %s\n", path, error.text);
    exit(2);
}

static int write_all(const char *file, const char *region, const char *folder)
{
    static const char *const empty[] = { "plain", "gradient", "noise" };
    picture face;
    note error;
    place where = { 0, 0, 0, 0 };
    uint8_t *pixels = malloc(640 * 480 * 3);
    if (!pixels || sscanf(region, "%lf,%lf,%lf", &where.x, &where.y, &where.size) != 3 ||
        !picture_read(&face, file, 100000000, &error))
        return 2;
    for (size_t i = 0; i < GROUPS; i++) {
        ground(pixels, groups[i].width, groups[i].height, groups[i].ground);
        for (int k = 0; k < groups[i].count; k++)
            paste(pixels, &groups[i], &groups[i].places[k], &face, &where);
        save(folder, groups[i].name, pixels, groups[i].width, groups[i].height);
    }
    for (int i = 0; i < 3; i++) {
        ground(pixels, 320, 240, i);
        save(folder, empty[i], pixels, 320, 240);
    }
    picture_free(&face);
    free(pixels);
    return 0;
}

/* ---- what was found ---- */

static bool fits(const place *p, const place *found)
{
    return hypot(found->x - p->x, found->y - p->y) < OFF_CENTRE * p->size &&
           fabs(log(found->size / p->size)) < log(1 + OFF_SIZE) && fabs(found->tilt - p->tilt) < OFF_TILT;
}

static int check(const group *g, const char *json)
{
    const char *at = strstr(json, "\"regions\":[");
    bool seen[6] = { false };
    int wrong = 0;
    place f;
    for (; at && (at = strstr(at, "{\"x\":")) &&
           sscanf(at, "{\"x\":%lf,\"y\":%lf,\"size\":%lf,\"degrees\":%lf", &f.x, &f.y, &f.size, &f.tilt) == 4; at++) {
        int k = 0;
        while (k < g->count && (seen[k] || !fits(&g->places[k], &f)))
            k++;
        if (k < g->count) {
            seen[k] = true;
        } else {
            printf("%s: no face at %g,%g,%g,%g\n", g->name, f.x, f.y, f.size, f.tilt);
            wrong++;
        }
    }
    for (int k = 0; k < g->count; k++)
        if (!seen[k]) {
            const place *p = &g->places[k];
            printf("%s: missing the face at %g,%g,%g,%g\n", g->name, p->x, p->y, p->size, p->tilt);
            wrong++;
        }
    return wrong ? 1 : 0;
}

static int check_file(const char *name, const char *path)
{
    static char json[100000];
    static const group nothing = { "nothing", 0, 0, 0, 0, { { 0, 0, 0, 0 } } };
    FILE *file = fopen(path, "r");
    const size_t length = file ? fread(json, 1, sizeof json - 1, file) : 0;
    if (file)
        fclose(file);
    json[length] = 0;
    if (!strstr(json, "\"regions\":["))
        return 2;
    for (size_t i = 0; i < GROUPS; i++)
        if (strcmp(groups[i].name, name) == 0)
            return check(&groups[i], json);
    return check(&nothing, json);
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "write") == 0)
        return write_all(argv[2], argv[3], argv[4]);
    if (argc == 4 && strcmp(argv[1], "check") == 0)
        return check_file(argv[2], argv[3]);
    return 2;
}
