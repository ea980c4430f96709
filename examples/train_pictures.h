/* What one looks at while a network is trained: curves.png and sheet.png in the folder of the run. */
#ifndef EXAMPLES_TRAIN_PICTURES_H
#define EXAMPLES_TRAIN_PICTURES_H

#include "score_sheet.h"
#include "train_run.h"

/* Whether they are due at the end of this epoch, where something is evaluated. */
bool pictures_due(const run *r);

/* curves.png, from log.csv. A picture that cannot be drawn is worth a message, and not the end of a run. */
void pictures_curves(const run *r);

/* sheet.png: so many pictures of the validation set, their labels, and what `parser` makes of them, which has the
   parameters `which` (DMLCSR_CURRENT and so on). */
bool pictures_sheet_make(score_sheet *s, const run *r, const dmlcsr *parser, int which, uint32_t pictures);
void pictures_sheet_save(const score_sheet *s, const run *r);

#endif
