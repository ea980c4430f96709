#include "kc_conv.h"

void kc_conv_run(const dml_conv_kernel *kernel, const dml_conv_tile *tile, size_t bytes)
{
    for (uint32_t p = 0; p < tile->width; p += kernel->width) {
        dml_conv_tile part = *tile;
        part.width = tile->width - p < kernel->width ? tile->width - p : kernel->width;
        part.x = (const char *)tile->x + (size_t)p * tile->step * 16 * bytes;
        part.y += (size_t)p * 16;
        for (uint32_t o = 0; o < tile->panels; o += kernel->panels) {
            dml_conv_tile some = part;
            some.panels = tile->panels - o < kernel->panels ? tile->panels - o : kernel->panels;
            some.w = (const char *)tile->w + o * tile->w_panel * bytes;
            some.bias += (size_t)o * 16;
            some.unit = tile->unit ? tile->unit + (size_t)o * 16 : NULL;
            some.y += o * tile->y_plane;
            kernel->run(&some);
        }
    }
}
