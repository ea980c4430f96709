#include "find.h"

#include <stdlib.h>
#include <string.h>

enum { FACES_MOST = 1000 }; /* as many as the library finds */

static bool call(face_list *list, dmlcsr *parser, const picture *photo, float smallest, note *error)
{
    dmlcsr_image image = { photo->pixels, photo->width, photo->height, (size_t)photo->width * 3, DMLCSR_RGB8 };
    dmlcsr_find_options options;
    dmlcsr_find_options_init(&options);
    options.smallest = smallest;
    int status = dmlcsr_find_faces(parser, &image, &options, list->faces, FACES_MOST, &list->count);
    if (status == DMLCSR_OK)
        return true;
    const char *sentence = dmlcsr_last_error(parser);
    note_set(error, "%s", sentence[0] ? sentence : dmlcsr_strerror(status));
    return false;
}

bool faces_find(face_list *list, dmlcsr *parser, const picture *photo, float smallest, note *error)
{
    memset(list, 0, sizeof *list);
    list->faces = malloc(FACES_MOST * sizeof *list->faces);
    list->regions = malloc(FACES_MOST * sizeof *list->regions);
    if (!list->faces || !list->regions) {
        note_set(error, "there is not enough memory for a list of faces");
        return false;
    }
    if (!call(list, parser, photo, smallest, error))
        return false;
    for (size_t i = 0; i < list->count; i++)
        dmlcsr_face_region(&list->faces[i], &list->regions[i]);
    return true;
}

void faces_free(face_list *list)
{
    free(list->faces);
    free(list->regions);
    memset(list, 0, sizeof *list);
}
