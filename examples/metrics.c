#include "metrics.h"

#include <stdlib.h>
#include <string.h>

/* ---- counting ---- */

bool confusion_make(confusion *c, uint32_t classes)
{
    memset(c, 0, sizeof *c);
    c->pixels = calloc((size_t)classes * classes, sizeof *c->pixels);
    c->classes = c->pixels ? classes : 0;
    return c->pixels != NULL;
}

void confusion_free(confusion *c)
{
    free(c->pixels);
    memset(c, 0, sizeof *c);
}

void confusion_add(confusion *c, const uint8_t *labels, const uint8_t *predictions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (labels[i] == METRICS_IGNORE)
            c->ignored++;
        else
            c->pixels[(size_t)labels[i] * c->classes + predictions[i]]++;
    }
    c->pictures++;
}

void confusion_merge(confusion *to, const confusion *from)
{
    for (size_t i = 0; i < (size_t)to->classes * to->classes; i++)
        to->pixels[i] += from->pixels[i];
    to->ignored += from->ignored;
    to->pictures += from->pictures;
}

/* ---- classes ---- */

/* The classes of a set as if they were one: what is mixed up among them does not count as wrong. */
static class_metrics measure(const confusion *c, const bool set[METRICS_CLASSES], uint64_t all)
{
    class_metrics m;
    memset(&m, 0, sizeof m);
    for (uint32_t label = 0; label < c->classes; label++)
        for (uint32_t prediction = 0; prediction < c->classes; prediction++) {
            uint64_t count = c->pixels[(size_t)label * c->classes + prediction];
            m.support += set[label] ? count : 0;
            m.predicted += set[prediction] ? count : 0;
            m.both += set[label] && set[prediction] ? count : 0;
        }
    m.present = m.support + m.predicted > 0;
    m.share = all ? (double)m.support / (double)all : 0;
    if (m.present) {
        m.f1 = 2 * (double)m.both / (double)(m.support + m.predicted);
        m.iou = (double)m.both / (double)(m.support + m.predicted - m.both);
    }
    return m;
}

static uint64_t count_all(const confusion *c)
{
    uint64_t all = 0;
    for (size_t i = 0; i < (size_t)c->classes * c->classes; i++)
        all += c->pixels[i];
    return all;
}

void metrics_compute(metrics *m, const confusion *c)
{
    uint64_t right = 0;
    memset(m, 0, sizeof *m);
    m->classes = c->classes;
    m->pixels = count_all(c);
    for (uint32_t k = 0; k < c->classes; k++) {
        bool set[METRICS_CLASSES] = { false };
        set[k] = true;
        m->of[k] = measure(c, set, m->pixels);
        right += m->of[k].both;
        if (!m->of[k].present)
            continue;
        m->mean_iou += m->of[k].iou;
        m->iou_classes++;
        if (k == 0)
            continue;
        m->mean_f1 += m->of[k].f1;
        m->f1_classes++;
    }
    m->mean_f1 /= m->f1_classes ? m->f1_classes : 1;
    m->mean_iou /= m->iou_classes ? m->iou_classes : 1;
    m->accuracy = m->pixels ? (double)right / (double)m->pixels : 0;
}

/* ---- groups ---- */

enum { PARTS = 8, SPELLINGS = 6, EYES = 2, BROWS = 4, MOUTH = 7 };

/* In the order of the groups that they belong to; "mouth" alone is the inside of the mouth in CelebAMask-HQ. */
static const char *const spellings[PARTS][SPELLINGS] = {
    { "l_eye", "left eye", "left_eye", "le" },
    { "r_eye", "right eye", "right_eye", "re" },
    { "l_brow", "left brow", "left_brow", "left_eyebrow", "left eyebrow", "lb" },
    { "r_brow", "right brow", "right_brow", "right_eyebrow", "right eyebrow", "rb" },
    { "u_lip", "upper lip", "upper_lip", "ulip", "ul" },
    { "mouth", "inner mouth", "inner_mouth", "imouth", "im" },
    { "l_lip", "lower lip", "lower_lip", "llip", "ll" },
    { "nose" },
};

static int find_part(unsigned part, const char *const *names, uint32_t classes)
{
    for (unsigned s = 0; s < SPELLINGS && spellings[part][s]; s++)
        for (uint32_t k = 1; k < classes; k++)
            if (strcmp(names[k], spellings[part][s]) == 0)
                return (int)k;
    return -1;
}

void metrics_groups(metrics_group groups[METRICS_GROUPS], const confusion *c, const char *const *names)
{
    static const struct {
        const char *name;
        unsigned first, end;
    } ranges[METRICS_GROUPS] = {
        { "eyes", 0, EYES }, { "brows", EYES, BROWS }, { "mouth", BROWS, MOUTH }, { "overall", 0, PARTS },
    };
    uint64_t all = count_all(c);
    memset(groups, 0, METRICS_GROUPS * sizeof *groups);
    for (int g = 0; g < METRICS_GROUPS; g++) {
        bool set[METRICS_CLASSES] = { false };
        groups[g].name = ranges[g].name;
        groups[g].known = true;
        for (unsigned part = ranges[g].first; part < ranges[g].end; part++) {
            int k = find_part(part, names, c->classes);
            groups[g].known = groups[g].known && k >= 0;
            if (k >= 0)
                set[k] = true;
        }
        groups[g].of = measure(c, set, all);
    }
}
