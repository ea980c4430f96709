/* Draws charts of made-up numbers, usual and odd ones, for the test of chart.c: draw_charts FOLDER. */
#include <math.h>
#include <stdio.h>

#include "chart.h"

enum { EPOCHS = 200, MANY = 19 };

static const char *folder;
static double values[MANY][EPOCHS];

static int draw(const char *name, const chart *c)
{
    char path[1024];
    note error;
    snprintf(path, sizeof path, "%s/%s.png", folder, name);
    if (chart_save(path, c, &error))
        return 0;
    printf("%s %s\n", path, error.text);
    return 1;
}

/* Losses that fall, and a rate with cycles at the end. */
static int draw_usual(void)
{
    static const double marks[] = { 150, 160, 170, 180, 190 };
    chart_series losses[4], rate = { "rate", values[4], NULL, EPOCHS, 0 };
    static const char *const names[] = { "total", "lovasz", "parse", "a name that is much too long" };
    for (int i = 0; i < EPOCHS; i++) {
        for (int k = 0; k < 4; k++)
            values[k][i] = (5 - k) * exp(-i / (40.0 + 20 * k)) + 0.3;
        values[4][i] = i < 150 ? 1e-3 * pow(1 - i / 200.0, 0.9) : 5e-4 * (1 - (i - 150) % 10 / 10.0);
    }
    for (int k = 0; k < 4; k++)
        losses[k] = (chart_series){ names[k], values[k], NULL, EPOCHS, 0 };
    chart c = { .title = "loss", .x_label = "epoch", .y_label = "mean of an epoch", .marks = marks, .mark_count = 5,
                .series = losses, .series_count = 4 };
    chart r = { .title = "rate", .width = 720, .height = 360, .log_y = true, .marks = marks, .mark_count = 5,
                .series = &rate, .series_count = 1 };
    return draw("loss", &c) + draw("rate", &r);
}

/* Scores of each fifth epoch; one is missing. */
static int draw_many(void)
{
    static double x[40];
    chart_series all[MANY];
    for (int k = 0; k < MANY; k++) {
        for (int i = 0; i < 40; i++) {
            x[i] = 5 * (i + 1);
            values[k][i] = (1 - exp(-i / (5.0 + k))) * (1 - k * 0.02);
        }
        all[k] = (chart_series){ "class", values[k], x, 40, 0 };
    }
    values[3][7] = NAN;
    chart c = { .title = "F1", .has_range = true, .low = 0, .high = 1, .series = all, .series_count = MANY };
    return draw("many", &c);
}

/* One value, none at all, and values that are no numbers or far away. */
static int draw_odd(void)
{
    static const double one[] = { 5.5 }, odd[] = { NAN, INFINITY, -1e30, 0, 1e30, -INFINITY, 1e-300 };
    chart_series point = { "point", one, NULL, 1, 0xff0000 }, strange = { "strange", odd, NULL, 7, 0 };
    chart p = { .width = 400, .height = 240, .series = &point, .series_count = 1 };
    chart none = { .title = "nothing", .x_label = "epoch" };
    chart o = { .width = 300, .height = 200, .series = &strange, .series_count = 1 }, tiny = o;
    tiny.width = tiny.height = 20;
    int bad = draw("point", &p) + draw("none", &none) + draw("odd", &o) + draw("tiny", &tiny);
    o.log_y = true;
    return bad + draw("odd-log", &o);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    folder = argv[1];
    return draw_usual() + draw_many() + draw_odd() ? 1 : 0;
}
