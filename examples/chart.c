#include "chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "canvas.h"
#include "font.h"

enum { PAPER = 0xffffff, PLOT = 0xf6f7f9, GRID = 0xdfe3e8, AXIS = 0x9aa3ad, INK = 0x2b3138, FAINT = 0x6b7580 };
enum { MARGIN = 18, TICKS_MAX = 64, NAME_LETTERS = 18 };

/* Blue, orange, green, red, violet, brown, pink, grey, olive, cyan: apart from each other, and not too light. */
static const uint32_t own_colors[] = { 0x2f6db5, 0xe8801a, 0x35a046, 0xd1383d, 0x8560b8,
                                       0x8a5a4b, 0xd869b0, 0x6f7883, 0xa8a32b, 0x18a9bd };

typedef struct axis {
    double low, high;       /* what the ends show; of a logarithmic axis, their logarithms */
    double ticks[TICKS_MAX];
    int count;
    double step;
} axis;

typedef struct drawing {
    const chart *chart;
    picture page;
    axis x, y;
    uint32_t scale;                    /* pixels for a dot of the font */
    int32_t left, top, right, bottom;  /* of the plot */
} drawing;

/* ---- values ---- */

static double series_x(const chart_series *s, size_t i)
{
    return s->x ? s->x[i] : (double)(i + 1);
}

/* The value as the axis counts; NAN when there is none. */
static double series_y(const chart *c, const chart_series *s, size_t i)
{
    double y = s->y[i];
    if (!isfinite(y) || (c->log_y && y <= 0))
        return NAN;
    return c->log_y ? log10(y) : y;
}

/* When the colours are used up, they come again, lighter. */
static uint32_t series_color(const chart *c, size_t i)
{
    const size_t own = sizeof own_colors / sizeof *own_colors;
    uint32_t color = own_colors[i % own];
    if (c->series[i].color)
        return c->series[i].color;
    return i / own % 2 ? (color >> 1 & 0x7f7f7f) + 0x707070 : color;
}

/* ---- axes ---- */

/* 1, 2 or 5 times a power of ten, so that about `wanted` steps make the span. */
static double round_step(double span, double wanted)
{
    double raw = span / wanted, power = pow(10, floor(log10(raw))), lead = raw / power;
    return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

static void make_room(axis *a)
{
    double room = a->low != 0 ? fabs(a->low) * 0.1 : 1;
    if (a->high > a->low)
        return;
    a->low -= room; /* one value, or none */
    a->high += room;
}

static void set_ticks(axis *a, double wanted, double least_step, bool whole_ends)
{
    make_room(a);
    a->step = fmax(round_step(a->high - a->low, wanted), least_step);
    if (whole_ends) {
        a->low = floor(a->low / a->step + 1e-9) * a->step;
        a->high = ceil(a->high / a->step - 1e-9) * a->step;
    }
    a->count = 0;
    for (double i = ceil(a->low / a->step - 1e-9); i * a->step <= a->high + 1e-9 * a->step; i++)
        if (a->count < TICKS_MAX)
            a->ticks[a->count++] = i * a->step;
}

/* Powers of ten, and where there are few of these, twice and five times as much. */
static void set_log_ticks(axis *a, bool whole_ends)
{
    static const double leads[] = { 0, 0.30102999566398, 0.69897000433602 };
    make_room(a);
    const int per_power = a->high - a->low < 3 ? 3 : 1;
    const double low = a->low, high = a->high;
    a->count = 0;
    for (int i = (int)floor(low) * per_power; a->count < TICKS_MAX; i++) {
        int power = (int)floor((double)i / per_power);
        double value = power + leads[i - power * per_power];
        if (value <= low + 1e-9 && whole_ends) { /* the last one below is the end */
            a->count = 0;
            a->low = value;
        }
        if (value >= a->low - 1e-9 && (whole_ends || value <= high + 1e-9))
            a->ticks[a->count++] = value;
        if (value >= high - 1e-9)
            break;
    }
    if (whole_ends)
        a->high = a->ticks[a->count - 1];
    a->step = 1;
}

static void find_ranges(drawing *d)
{
    const chart *c = d->chart;
    d->x = d->y = (axis){ .low = INFINITY, .high = -INFINITY };
    for (size_t s = 0; s < c->series_count; s++)
        for (size_t i = 0; i < c->series[s].count; i++) {
            double x = series_x(&c->series[s], i), y = series_y(c, &c->series[s], i);
            if (isnan(y) || !isfinite(x))
                continue;
            d->x.low = fmin(d->x.low, x);
            d->x.high = fmax(d->x.high, x);
            d->y.low = fmin(d->y.low, y);
            d->y.high = fmax(d->y.high, y);
        }
    if (!isfinite(d->x.low))
        d->x.low = d->y.low = 0, d->x.high = d->y.high = 1;
    if (c->has_x_range) {
        d->x.low = c->x_low;
        d->x.high = c->x_high;
    }
    if (c->has_range && (!c->log_y || c->low > 0)) {
        d->y.low = c->log_y ? log10(c->low) : c->low;
        d->y.high = c->log_y ? log10(c->high) : c->high;
    }
}

static void tick_text(const drawing *d, const axis *a, double value, char *text, size_t size)
{
    int digits = a->step < 1 ? (int)ceil(-log10(a->step) - 1e-9) : 0;
    if (a == &d->y && d->chart->log_y) {
        double shown = pow(10, value);
        snprintf(text, size, shown >= 1e-3 && shown < 1e5 ? "%.3g" : "%.0e", shown);
    } else if (fabs(a->high) >= 1e6 || a->step < 1e-5)
        snprintf(text, size, "%.3g", value);
    else
        snprintf(text, size, "%.*f", digits, value == 0 ? 0 : value); /* no "-0" */
}

/* ---- where things are ---- */

static int32_t widest_tick(const drawing *d)
{
    int32_t widest = 0;
    for (int i = 0; i < d->y.count; i++) {
        char text[32];
        tick_text(d, &d->y, d->y.ticks[i], text, sizeof text);
        int32_t width = canvas_text_width(text, d->scale);
        widest = width > widest ? width : widest;
    }
    return widest;
}

static int32_t legend_width(const drawing *d)
{
    size_t longest = 0;
    for (size_t i = 0; i < d->chart->series_count; i++) {
        size_t length = strlen(d->chart->series[i].name);
        longest = length > longest ? length : longest;
    }
    longest = longest > NAME_LETTERS ? NAME_LETTERS : longest;
    return (int32_t)(longest + 11) * FONT_ADVANCE * (int32_t)d->scale + MARGIN;
}

/* The plot lies from `left` to `right` or, where its texts need more room, between them. */
static void arrange(drawing *d, int32_t left, int32_t right)
{
    const chart *c = d->chart;
    const int32_t row = (FONT_HEIGHT + 4) * (int32_t)d->scale;
    d->top = MARGIN + (c->title ? row + MARGIN / 2 : 0) + (c->y_label ? row : 0);
    d->bottom = (int32_t)d->page.height - MARGIN - row - (c->x_label ? row : 0);
    find_ranges(d);
    if (c->log_y)
        set_log_ticks(&d->y, !c->has_range);
    else
        set_ticks(&d->y, fmax(2, (d->bottom - d->top) / 60.0), 0, !c->has_range);
    d->left = MARGIN + widest_tick(d) + 8;
    d->left = d->left > left ? d->left : left;
    d->right = (int32_t)d->page.width - MARGIN - legend_width(d);
    d->right = d->right < right ? d->right : right;
    d->right = d->right > d->left + 40 ? d->right : d->left + 40;
    set_ticks(&d->x, fmax(2, (d->right - d->left) / 90.0), 1, false); /* epochs are whole */
}

static double place_x(const drawing *d, double x)
{
    return d->left + (x - d->x.low) / (d->x.high - d->x.low) * (d->right - d->left);
}

static double place_y(const drawing *d, double y)
{
    double share = (y - d->y.low) / (d->y.high - d->y.low);
    share = share < 0 ? 0 : share > 1 ? 1 : share; /* a value outside a given range lies on its border */
    return d->bottom - share * (d->bottom - d->top);
}

/* ---- drawing ---- */

static void draw_axes(drawing *d)
{
    const chart *c = d->chart;
    const int32_t s = (int32_t)d->scale, half = FONT_HEIGHT * s / 2;
    char text[32];
    canvas_fill(&d->page, d->left, d->top, d->right - d->left + 1, d->bottom - d->top + 1, PLOT);
    for (int i = 0; i < d->y.count; i++) {
        int32_t y = (int32_t)lround(place_y(d, d->y.ticks[i]));
        tick_text(d, &d->y, d->y.ticks[i], text, sizeof text);
        canvas_fill(&d->page, d->left, y, d->right - d->left + 1, 1, GRID);
        canvas_text(&d->page, d->left - 8 - canvas_text_width(text, d->scale), y - half + s, d->scale, FAINT, text, 0);
    }
    for (int i = 0; i < d->x.count; i++) {
        int32_t x = (int32_t)lround(place_x(d, d->x.ticks[i]));
        tick_text(d, &d->x, d->x.ticks[i], text, sizeof text);
        canvas_fill(&d->page, x, d->top, 1, d->bottom - d->top + 1, GRID);
        canvas_text(&d->page, x - canvas_text_width(text, d->scale) / 2, d->bottom + 8, d->scale, FAINT, text, 0);
    }
    for (size_t i = 0; i < c->mark_count; i++)
        for (int32_t y = d->top; y < d->bottom; y += 9)
            if (c->marks[i] >= d->x.low && c->marks[i] <= d->x.high)
                canvas_fill(&d->page, (int32_t)lround(place_x(d, c->marks[i])), y, 1, 5, AXIS);
    canvas_fill(&d->page, d->left, d->bottom, d->right - d->left + 1, 1, AXIS);
    canvas_fill(&d->page, d->left, d->top, 1, d->bottom - d->top + 1, AXIS);
}

static void draw_titles(drawing *d)
{
    const chart *c = d->chart;
    const int32_t row = (FONT_HEIGHT + 4) * (int32_t)d->scale;
    if (c->title)
        canvas_text(&d->page, d->left, MARGIN, d->scale, INK, c->title, 0);
    if (c->y_label)
        canvas_text(&d->page, d->left, d->top - row + (int32_t)d->scale, d->scale, FAINT, c->y_label, 0);
    if (c->x_label)
        canvas_text(&d->page, (d->left + d->right - canvas_text_width(c->x_label, d->scale)) / 2,
                    (int32_t)d->page.height - MARGIN / 2 - row, d->scale, FAINT, c->x_label, 0);
}

static void draw_series(drawing *d, size_t index)
{
    const chart_series *s = &d->chart->series[index];
    const uint32_t color = series_color(d->chart, index);
    double last_x = NAN, last_y = NAN;
    size_t points = 0;
    for (size_t i = 0; i < s->count; i++)
        points += !isnan(series_y(d->chart, s, i));
    for (size_t i = 0; i < s->count; i++) {
        double value = series_y(d->chart, s, i);
        if (isnan(value))
            continue;
        double x = place_x(d, series_x(s, i)), y = place_y(d, value);
        if (!isnan(last_x))
            canvas_line(&d->page, last_x, last_y, x, y, 2.2, color);
        if (points <= 40) /* few points: where they are says how often was measured */
            canvas_line(&d->page, x, y, x, y, 6, color);
        last_x = x;
        last_y = y;
    }
}

/* Names beside the plot, each with the last value. */
static void draw_legend(drawing *d)
{
    const chart *c = d->chart;
    const int32_t s = (int32_t)d->scale, sample = 3 * FONT_ADVANCE * s;
    int32_t row = (FONT_HEIGHT + 5) * s, x = d->right + MARGIN, y = d->top + s;
    if (c->series_count && row * (int32_t)c->series_count > d->bottom - d->top + row)
        row = (d->bottom - d->top + row) / (int32_t)c->series_count; /* many: closer, as far as they can be read */
    for (size_t i = 0; i < c->series_count; i++, y += row) {
        const chart_series *one = &c->series[i];
        char last[32] = "";
        for (size_t k = one->count; k-- > 0 && !last[0];)
            if (!isnan(series_y(c, one, k)))
                snprintf(last, sizeof last, one->y[k] >= 0.001 && one->y[k] < 10 ? "%.3f" : "%.3g", one->y[k]);
        double middle = y + 3.5 * s;
        canvas_line(&d->page, x + 2, middle, x + sample - FONT_ADVANCE * s, middle, 3, series_color(c, i));
        canvas_text(&d->page, x + sample, y, d->scale, INK, one->name, NAME_LETTERS);
        canvas_text(&d->page, (int32_t)d->page.width - MARGIN - canvas_text_width(last, d->scale), y, d->scale, FAINT,
                    last, 0);
    }
}

/* ---- pictures ---- */

static uint32_t height_of(const chart *c)
{
    return c->height ? c->height : 540;
}

static drawing drawing_of(const chart *c, uint32_t width)
{
    return (drawing){ .chart = c, .page = { .width = width, .height = height_of(c) },
                      .scale = width >= 720 && height_of(c) >= 360 ? 2 : 1 };
}

/* So that an epoch is at the same place in all charts: the narrowest plot decides. */
static void find_sides(const chart *charts, size_t count, uint32_t width, int32_t *left, int32_t *right)
{
    *left = 0;
    *right = INT32_MAX;
    for (size_t i = 0; i < count; i++) {
        drawing d = drawing_of(&charts[i], width);
        arrange(&d, *left, *right);
        *left = d.left;
        *right = d.right;
    }
}

/* The chart from row `top` of a page on. */
static bool draw(picture *page, uint32_t top, const chart *c, int32_t left, int32_t right, note *error)
{
    drawing d = drawing_of(c, page->width);
    const size_t row = (size_t)page->width * 3;
    if (!canvas_make(&d.page, page->width, height_of(c), PAPER, error))
        return false;
    arrange(&d, left, right);
    draw_axes(&d);
    draw_titles(&d);
    for (size_t i = 0; i < c->series_count; i++)
        draw_series(&d, i);
    draw_legend(&d);
    memcpy(page->pixels + top * row, d.page.pixels, d.page.height * row);
    picture_free(&d.page);
    return true;
}

bool charts_save(const char *path, const chart *charts, size_t count, note *error)
{
    picture page;
    uint32_t height = 0, top = 0;
    int32_t left, right;
    for (size_t i = 0; i < count; i++)
        height += height_of(&charts[i]);
    if (!canvas_make(&page, charts->width ? charts->width : 960, height, PAPER, error))
        return false;
    bool ok = true;
    find_sides(charts, count, page.width, &left, &right);
    for (size_t i = 0; ok && i < count; top += height_of(&charts[i++]))
        ok = draw(&page, top, &charts[i], left, right, error);
    png_source source = { page.pixels, page.width, page.height, 3, NULL, 0 };
    ok = ok && png_save(path, &source, error);
    picture_free(&page);
    return ok;
}

bool chart_save(const char *path, const chart *c, note *error)
{
    return charts_save(path, c, 1, error);
}
