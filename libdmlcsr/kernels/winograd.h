/* Constants of Winograd's transforms, of which winograd_body.h says more. */
#ifndef DML_KERNELS_WINOGRAD_H
#define DML_KERNELS_WINOGRAD_H

#include "base/real.h"

#define HALF ((dml_real).5)
#define QUARTER ((dml_real).25)
#define THIRD ((dml_real)(1. / 3))
#define SIXTH ((dml_real)(1. / 6))
#define NINTH ((dml_real)(1. / 9))
#define NINETIETH ((dml_real)(1. / 90))
#define ROOT ((dml_real)1.4142135623730950488)      /* sqrt 2 */
#define HALF_ROOT ((dml_real)0.70710678118654752440) /* sqrt 1/2 */

#endif
