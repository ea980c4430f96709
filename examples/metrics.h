/* How good label maps are: one confusion matrix over all pixels of all pictures, and what follows from it. */
#ifndef EXAMPLES_METRICS_H
#define EXAMPLES_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { METRICS_IGNORE = 255, METRICS_CLASSES = 255, METRICS_GROUPS = 4 };

typedef struct confusion {
    uint32_t classes;
    uint64_t *pixels;  /* [label * classes + prediction] */
    uint64_t ignored;  /* pixels whose label is METRICS_IGNORE: in no number below */
    uint64_t pictures;
} confusion;

/* False: there is not enough memory. */
bool confusion_make(confusion *c, uint32_t classes);
void confusion_free(confusion *c);
/* Adds a picture. Labels must be classes or METRICS_IGNORE, predictions must be classes. */
void confusion_add(confusion *c, const uint8_t *labels, const uint8_t *predictions, size_t count);
/* Adds what was counted elsewhere, with the same classes. */
void confusion_merge(confusion *to, const confusion *from);

/* One class, or several that count as one. */
typedef struct class_metrics {
    uint64_t support, predicted, both; /* pixels with this label, with this prediction, with both */
    bool present;    /* in labels or predictions; f1 and iou mean nothing otherwise */
    double f1;       /* 2 both / (support + predicted) */
    double iou;      /* both / (support + predicted - both) */
    double share;    /* of all labelled pixels */
} class_metrics;

typedef struct metrics {
    uint32_t classes;
    class_metrics of[METRICS_CLASSES];
    uint64_t pixels;             /* labelled */
    double mean_f1;              /* over `f1_classes`: without background and without absent classes */
    double mean_iou;             /* over `iou_classes`: with background, without absent classes */
    double accuracy;             /* share of labelled pixels that are right */
    uint32_t f1_classes, iou_classes;
} metrics;

void metrics_compute(metrics *m, const confusion *c);

/* Parts taken together as the Helen data set counts them. */
typedef struct metrics_group {
    const char *name;  /* "eyes", "brows", "mouth" (lips and what is between them), "overall" (these and the nose) */
    bool known;        /* all of its parts are among the class names */
    class_metrics of;
} metrics_group;

/* Fills the groups by the names of the classes, as CelebAMask-HQ, LaPa and Helen spell them. */
void metrics_groups(metrics_group groups[METRICS_GROUPS], const confusion *c, const char *const *names);

#endif
