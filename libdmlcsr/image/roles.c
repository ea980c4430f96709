#include "image/roles.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "image/schemes.h"

/* The parts of one class as a role. A class that holds more than its role (eyes and brows in one) has none: its centre
   is not the eyes'. */
static uint8_t role_of(dml_parts parts, const char *side)
{
    const dml_parts left = dml_parts_named("left_eye"), right = dml_parts_named("right_eye");
    const dml_parts mouth = dml_parts_named("mouth") | dml_parts_named("u_lip") | dml_parts_named("l_lip");
    const dml_parts skin = dml_parts_named("skin"), brows = dml_parts_named("brows");
    const bool mirrored = strcmp(side, "subject") == 0, known = mirrored || strcmp(side, "picture") == 0;
    if (!parts)
        return DML_ROLE_NONE;
    if (known && (parts == left || parts == right))
        return (parts == left) != mirrored ? DML_ROLE_LEFT_EYE : DML_ROLE_RIGHT_EYE;
    if (!(parts & ~(left | right)))
        return DML_ROLE_EYES;
    if (parts == dml_parts_named("glasses"))
        return DML_ROLE_GLASSES;
    if (parts == dml_parts_named("nose"))
        return DML_ROLE_NOSE;
    if (!(parts & ~mouth))
        return DML_ROLE_MOUTH;
    return parts & (skin | brows) ? DML_ROLE_FACE : DML_ROLE_NONE;
}

int dml_roles_make(dml_roles *roles, const char *const *names, uint32_t classes, const char *side, dml_error *error)
{
    dml_parts skin = 0;
    bool has[DML_ROLES] = { false };
    char missing[64];
    roles->classes = classes;
    for (uint32_t i = 0; i < classes && i < 256; i++) {
        dml_parts parts = dml_parts_named(names[i]);
        roles->of[i] = role_of(parts, side);
        has[roles->of[i]] = true;
        skin |= parts & dml_parts_named("skin");
    }
    const bool eyes = has[DML_ROLE_EYES] || (has[DML_ROLE_LEFT_EYE] && has[DML_ROLE_RIGHT_EYE]);
    if (skin && eyes && has[DML_ROLE_NOSE] && has[DML_ROLE_MOUTH])
        return DMLCSR_OK;
    snprintf(missing, sizeof missing, "%s%s%s%s", skin ? "" : ", skin", eyes ? "" : ", eyes",
             has[DML_ROLE_NOSE] ? "" : ", nose", has[DML_ROLE_MOUTH] ? "" : ", mouth");
    return dml_fail(error, DMLCSR_ERROR_UNSUPPORTED,
                    "faces are found by their skin, eyes, nose and mouth; the model has no class for: %s", missing + 2);
}
