/* What each class of a model is in a face, for finding faces. */
#ifndef DML_IMAGE_ROLES_H
#define DML_IMAGE_ROLES_H

#include <stdint.h>

#include "base/status.h"

/* Left and right as one looks at the picture. Every role but the first counts as part of the face, too. */
enum {
    DML_ROLE_NONE,
    DML_ROLE_FACE, /* skin, brows: what has no role of its own */
    DML_ROLE_LEFT_EYE,
    DML_ROLE_RIGHT_EYE,
    DML_ROLE_EYES, /* of which the model does not say the side */
    DML_ROLE_GLASSES,
    DML_ROLE_NOSE,
    DML_ROLE_MOUTH,
    DML_ROLES
};

typedef struct dml_roles {
    uint32_t classes;
    uint8_t of[256];
} dml_roles;

/* From the names of classes; side: "subject", "picture" or anything else. DMLCSR_ERROR_UNSUPPORTED, with the names of
   what is missing, unless skin, eyes, nose and mouth are there. */
int dml_roles_make(dml_roles *roles, const char *const *names, uint32_t classes, const char *side, dml_error *error);

#endif
