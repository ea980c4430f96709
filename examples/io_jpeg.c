/* JPEG through libjpeg-turbo. */
#include "io.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

/* A small file can hold thousands of progressive scans that each cost a pass over the whole picture. */
#define MOST_SCANS 500

typedef struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    picture *out;
    note *error;
    uint8_t *cmyk; /* one row, or NULL */
    bool started;  /* the first pixels have been decoded */
    bool nothing;  /* the file ended before them */
} decoder;

static void on_error(j_common_ptr jpeg)
{
    decoder *d = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    note_set(d->error, "the JPEG file is damaged or of a kind that is not supported: %s", text);
    longjmp(d->escape, 1);
}

static void on_message(j_common_ptr jpeg, int level)
{
    decoder *d = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    if (level >= 0) /* traces */
        return;
    jpeg->err->num_warnings++;
    if (jpeg->err->msg_code == JWRN_JPEG_EOF && d->started && d->jpeg.input_scan_number <= 1 &&
        d->jpeg.input_iMCU_row == 0)
        d->nothing = true;
    if (d->out->warning.text[0])
        return; /* the first one says most */
    if (jpeg->err->msg_code == JWRN_JPEG_EOF) {
        note_set(&d->out->warning, "the JPEG file ends too early; what is missing is grey");
        return;
    }
    jpeg->err->format_message(jpeg, text);
    note_set(&d->out->warning, "the JPEG file is damaged, parts of it may be wrong: %s", text);
}

static void on_progress(j_common_ptr jpeg)
{
    decoder *d = jpeg->client_data;
    if (d->jpeg.input_scan_number <= MOST_SCANS)
        return;
    note_set(d->error, "the JPEG file has more than %d scans; no camera or program writes such files", MOST_SCANS);
    longjmp(d->escape, 1);
}

static int find_orientation(const struct jpeg_decompress_struct *jpeg)
{
    for (const struct jpeg_marker_struct *m = jpeg->marker_list; m; m = m->next)
        if (m->marker == JPEG_APP0 + 1 && m->data_length > 6 && memcmp(m->data, "Exif\0", 6) == 0)
            return exif_orientation(m->data + 6, m->data_length - 6);
    return 1;
}

/* Adobe's programs store CMYK inverted, and mark the file as theirs. */
static void cmyk_to_rgb(const uint8_t *cmyk, uint32_t width, bool inverted, uint8_t *rgb)
{
    unsigned flip = inverted ? 0 : 255;
    for (uint32_t x = 0; x < width; x++, cmyk += 4, rgb += 3) {
        unsigned k = cmyk[3] ^ flip;
        for (int c = 0; c < 3; c++)
            rgb[c] = (uint8_t)(((cmyk[c] ^ flip) * k + 127) / 255);
    }
}

static void read_rows(decoder *d)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    size_t row_size = (size_t)jpeg->output_width * 3;
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *to = d->out->pixels + row_size * jpeg->output_scanline;
        JSAMPROW row = d->cmyk ? d->cmyk : to;
        jpeg_read_scanlines(jpeg, &row, 1);
        if (d->cmyk)
            cmyk_to_rgb(d->cmyk, jpeg->output_width, jpeg->saw_Adobe_marker, to);
    }
}

/* All of the decoding; leaves through d->escape on an error. */
static void decode(decoder *d, int *orientation, FILE *file, uint64_t limit)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    jpeg_stdio_src(jpeg, file);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(jpeg, TRUE);
    if (!picture_reserve(d->out, jpeg->image_width, jpeg->image_height, 3, limit, d->error))
        longjmp(d->escape, 1);
    *orientation = find_orientation(jpeg);
    bool four = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = four ? JCS_CMYK : JCS_RGB;
    if (four && !(d->cmyk = malloc((size_t)jpeg->image_width * 4))) {
        note_set(d->error, "there is not enough memory for a row of the picture");
        longjmp(d->escape, 1);
    }
    d->started = true;
    jpeg_start_decompress(jpeg);
    read_rows(d);
    jpeg_finish_decompress(jpeg);
    if (d->nothing) {
        note_set(d->error, "the JPEG file ends before its first pixel");
        longjmp(d->escape, 1);
    }
}

/* A function of its own, so that no local variable of it changes between setjmp and longjmp. */
static bool run(decoder *d, int *orientation, FILE *file, uint64_t limit)
{
    if (setjmp(d->escape))
        return false;
    jpeg_create_decompress(&d->jpeg);
    d->progress.progress_monitor = on_progress;
    d->jpeg.progress = &d->progress;
    decode(d, orientation, file, limit);
    return true;
}

bool jpeg_decode(picture *out, int *orientation, FILE *file, uint64_t limit, note *error)
{
    decoder d;
    memset(&d, 0, sizeof d);
    d.jpeg.err = jpeg_std_error(&d.errors);
    d.jpeg.client_data = &d;
    d.errors.error_exit = on_error;
    d.errors.emit_message = on_message;
    d.out = out;
    d.error = error;
    bool ok = run(&d, orientation, file, limit);
    jpeg_destroy_decompress(&d.jpeg);
    free(d.cmyk);
    return ok;
}
