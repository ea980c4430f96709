/**
 * @file classes.h
 * Class lists by name, and tables from one list to another. dmlcsr_remap() in mask.h applies such a table.
 *
 *     uint8_t map[256];
 *     dmlcsr_class_map(parser, dmlcsr_scheme_find("merged-8"), DMLCSR_SIDE_UNKNOWN, 0, map);
 *
 * The functions of this header need no memory and may be called from anywhere at any time; where they take a handle,
 * they only read what never changes of it. doc/conventions.md has all lists in one table, and where they come from.
 */
#ifndef DMLCSR_CLASSES_H
#define DMLCSR_CLASSES_H

#include "dmlcsr.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Class lists, called schemes here. Frozen: a number keeps its list; new ones are added at the end. @since 0.2 */
enum {
    DMLCSR_SCHEME_OWN = -1,                 /**< for dmlcsr_class_map(): the classes of the handle's model */
    DMLCSR_SCHEME_CELEBAMASK_HQ = 0,        /**< "celebamask-hq", 19 classes */
    DMLCSR_SCHEME_LAPA = 1,                 /**< "lapa", 11 */
    DMLCSR_SCHEME_HELEN = 2,                /**< "helen", 11: LaPa's order */
    DMLCSR_SCHEME_FACE_PARSING_PYTORCH = 3, /**< "face-parsing-pytorch", 19: zllrunning's and yakhyo's order */
    DMLCSR_SCHEME_FACER_CELEBM = 4,         /**< "facer-celebm", 19 */
    DMLCSR_SCHEME_FACER_LAPA = 5,           /**< "facer-lapa", 11 */
    DMLCSR_SCHEME_SEGFORMER = 6,            /**< "segformer", 19: jonathandinu/face-parsing */
    DMLCSR_SCHEME_MERGED_11 = 7,            /**< "merged-11": no sides, lips and mouth in one */
    DMLCSR_SCHEME_MERGED_8 = 8              /**< "merged-8": no sides; eyes with brows, mouth with lips, hats with clothes */
};

/** Whose left "left" is. @since 0.2 */
enum {
    DMLCSR_SIDE_UNKNOWN = 0, /**< not stated; as an argument: that of the target list */
    DMLCSR_SIDE_SUBJECT = 1, /**< the person's: the right of the picture, unless it is mirrored */
    DMLCSR_SIDE_PICTURE = 2, /**< that of the picture as one looks at it */
    DMLCSR_SIDE_NONE = 3     /**< the list does not tell left from right */
};

/** How many schemes there are: 0 to count - 1. @since 0.2 */
DMLCSR_API uint32_t dmlcsr_scheme_count(void);

/** Name of a scheme, such as "lapa"; NULL when there is no such scheme. @since 0.2 */
DMLCSR_API const char *dmlcsr_scheme_name(int scheme);

/** The scheme of that name, or -1 (also for NULL). @since 0.2 */
DMLCSR_API int dmlcsr_scheme_find(const char *name);

/** DMLCSR_SIDE_... of a scheme; DMLCSR_SIDE_UNKNOWN when there is no such scheme. @since 0.2 */
DMLCSR_API int dmlcsr_scheme_side(int scheme);

/** How many classes a scheme has, background included. 0 when there is no such scheme. @since 0.2 */
DMLCSR_API uint32_t dmlcsr_scheme_class_count(int scheme);

/** Name of a class as its origin spells it; NULL when there is no such scheme or class. @since 0.2 */
DMLCSR_API const char *dmlcsr_scheme_class_name(int scheme, uint32_t label);

/** Colour of a class, 0xRRGGBB, as dmlcsr_class_color(); 0 when there is no such scheme or class. @since 0.2 */
DMLCSR_API uint32_t dmlcsr_scheme_class_color(int scheme, uint32_t label);

/**
 * A table from the ids of one scheme to those of another.
 *
 * A class goes to the class of the target that holds all of its parts: lips and inner mouth go to "mouth_lips", but
 * "mouth_lips" has no counterpart where lips are told apart. Left goes to left where one of the sides is unknown, else
 * to whatever the same half of the face is called.
 *
 * @param from   a scheme
 * @param to     a scheme
 * @param side   DMLCSR_SIDE_SUBJECT or DMLCSR_SIDE_PICTURE: what left means in the result, whatever the target says;
 *               DMLCSR_SIDE_UNKNOWN: what it means in the target. Without effect on targets without sides.
 * @param other  the id for classes without a counterpart and for ids that are no class; but 255, which marks pixels to
 *               ignore in labelled data, stays 255
 * @param map    receives 256 ids
 * @return DMLCSR_OK, or ERROR_ARGUMENT: no such scheme, side or id, map is NULL, or a side is asked for and that of
 *         `from` is unknown; no sentence
 * @since 0.2
 */
DMLCSR_API int dmlcsr_scheme_map(int from, int to, int side, uint8_t other, uint8_t *map /* 256 */);

/**
 * The same from the classes of a handle's model, whose names are understood in all spellings of the schemes.
 *
 * @param handle  the parser
 * @param to      a scheme, or DMLCSR_SCHEME_OWN: ids stay, but for left and right when `side` is not the model's
 * @param side    as for dmlcsr_scheme_map()
 * @param other   the same
 * @param map     receives 256 ids
 * @return DMLCSR_OK, or ERROR_ARGUMENT as dmlcsr_scheme_map(), and for a NULL handle; no sentence
 * @since 0.2
 */
DMLCSR_API int dmlcsr_class_map(const dmlcsr *handle, int to, int side, uint8_t other, uint8_t *map /* 256 */);

/**
 * A table that swaps left and right and leaves all other ids alone: for labels of a mirrored picture, or to turn the
 * person's left into the picture's.
 * @return DMLCSR_OK, or ERROR_ARGUMENT: no such scheme, or map is NULL; no sentence
 * @since 0.2
 */
DMLCSR_API int dmlcsr_scheme_mirror(int scheme, uint8_t *map /* 256 */);

/** The same for the classes of a handle's model. ERROR_ARGUMENT for NULL. @since 0.2 */
DMLCSR_API int dmlcsr_class_mirror(const dmlcsr *handle, uint8_t *map /* 256 */);

#ifdef __cplusplus
}
#endif

#endif
