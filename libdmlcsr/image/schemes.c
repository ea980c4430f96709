/*
 * The orders are facts about other people's data and models, looked up at:
 * - CelebAMask-HQ: github.com/switchablenorms/CelebAMask-HQ, face_parsing/README.md
 * - LaPa: github.com/jd-opensource/lapa-dataset, labelmap.txt; its sample.png shows left brows and eyes on the left of
 *   the picture
 * - Helen: pages.cs.wisc.edu/~lizhang/projects/face-parsing/README.txt, which does not say whose left it means
 * - face-parsing.PyTorch: github.com/zllrunning/face-parsing.PyTorch, transform.py; github.com/yakhyo/face-parsing,
 *   utils/prepare_labels.py. Both take the parts of CelebAMask-HQ, and so its side.
 * - facer: github.com/FacePerceiver/facer, facer/face_parsing/farl.py, label_names. Its "celebm" calls the l_ parts of
 *   CelebAMask-HQ right (the order in which its training code reads them; and samples/face_parsing.ipynb shows lb on
 *   the left of the picture). Its "lapa" calls the left of LaPa right.
 * - SegFormer: huggingface.co/jonathandinu/face-parsing, config.json, id2label
 */
#include "image/schemes.h"

#include <stddef.h>

#include "dmlcsr/classes.h"
#include "image/palette.h"

enum {
    BACKGROUND = 1 << 0,
    SKIN = 1 << 1,
    NOSE = 1 << 2,
    GLASSES = 1 << 3,
    INNER_MOUTH = 1 << 4,
    UPPER_LIP = 1 << 5,
    LOWER_LIP = 1 << 6,
    HAIR = 1 << 7,
    HAT = 1 << 8,
    EARRING = 1 << 9,
    NECKLACE = 1 << 10,
    NECK = 1 << 11,
    CLOTHES = 1 << 12,
    LEFT_EYE = 1 << 16, /* left ones in the even bits from here, the right ones next to them */
    RIGHT_EYE = 1 << 17,
    LEFT_BROW = 1 << 18,
    RIGHT_BROW = 1 << 19,
    LEFT_EAR = 1 << 20,
    RIGHT_EAR = 1 << 21
};
#define LEFT_PARTS (LEFT_EYE | LEFT_BROW | LEFT_EAR)
#define EYES (LEFT_EYE | RIGHT_EYE)
#define BROWS (LEFT_BROW | RIGHT_BROW)
#define EARS (LEFT_EAR | RIGHT_EAR)
#define MOUTH (INNER_MOUTH | UPPER_LIP | LOWER_LIP)

typedef struct dml_scheme_class list;

static const list celebamask_hq[] = { /* SegFormer's, too */
    { "background", BACKGROUND }, { "skin", SKIN }, { "nose", NOSE }, { "eye_g", GLASSES }, { "l_eye", LEFT_EYE },
    { "r_eye", RIGHT_EYE }, { "l_brow", LEFT_BROW }, { "r_brow", RIGHT_BROW }, { "l_ear", LEFT_EAR },
    { "r_ear", RIGHT_EAR }, { "mouth", INNER_MOUTH }, { "u_lip", UPPER_LIP }, { "l_lip", LOWER_LIP }, { "hair", HAIR },
    { "hat", HAT }, { "ear_r", EARRING }, { "neck_l", NECKLACE }, { "neck", NECK }, { "cloth", CLOTHES }
};
static const list lapa[] = { /* Helen's, too */
    { "background", BACKGROUND }, { "skin", SKIN }, { "left eyebrow", LEFT_BROW }, { "right eyebrow", RIGHT_BROW },
    { "left eye", LEFT_EYE }, { "right eye", RIGHT_EYE }, { "nose", NOSE }, { "upper lip", UPPER_LIP },
    { "inner mouth", INNER_MOUTH }, { "lower lip", LOWER_LIP }, { "hair", HAIR }
};
static const list face_parsing_pytorch[] = {
    { "background", BACKGROUND }, { "skin", SKIN }, { "l_brow", LEFT_BROW }, { "r_brow", RIGHT_BROW },
    { "l_eye", LEFT_EYE }, { "r_eye", RIGHT_EYE }, { "eye_g", GLASSES }, { "l_ear", LEFT_EAR }, { "r_ear", RIGHT_EAR },
    { "ear_r", EARRING }, { "nose", NOSE }, { "mouth", INNER_MOUTH }, { "u_lip", UPPER_LIP }, { "l_lip", LOWER_LIP },
    { "neck", NECK }, { "neck_l", NECKLACE }, { "cloth", CLOTHES }, { "hair", HAIR }, { "hat", HAT }
};
static const list facer_celebm[] = {
    { "background", BACKGROUND }, { "neck", NECK }, { "face", SKIN }, { "cloth", CLOTHES }, { "rr", RIGHT_EAR },
    { "lr", LEFT_EAR }, { "rb", RIGHT_BROW }, { "lb", LEFT_BROW }, { "re", RIGHT_EYE }, { "le", LEFT_EYE },
    { "nose", NOSE }, { "imouth", INNER_MOUTH }, { "llip", LOWER_LIP }, { "ulip", UPPER_LIP }, { "hair", HAIR },
    { "eyeg", GLASSES }, { "hat", HAT }, { "earr", EARRING }, { "neck_l", NECKLACE }
};
static const list facer_lapa[] = {
    { "background", BACKGROUND }, { "face", SKIN }, { "rb", RIGHT_BROW }, { "lb", LEFT_BROW }, { "re", RIGHT_EYE },
    { "le", LEFT_EYE }, { "nose", NOSE }, { "ulip", UPPER_LIP }, { "imouth", INNER_MOUTH }, { "llip", LOWER_LIP },
    { "hair", HAIR }
};
static const list merged_11[] = {
    { "background", BACKGROUND }, { "skin", SKIN }, { "brows", BROWS }, { "eyes", EYES }, { "glasses", GLASSES },
    { "nose", NOSE }, { "mouth_lips", MOUTH }, { "ears", EARS | EARRING }, { "hair", HAIR }, { "neck", NECK },
    { "clothes", CLOTHES | HAT | NECKLACE }
};
static const list merged_8[] = {
    { "background", BACKGROUND }, { "skin", SKIN | NECK }, { "hair", HAIR }, { "eyes_brows", EYES | BROWS | GLASSES },
    { "nose", NOSE }, { "mouth_lips", MOUTH }, { "ears", EARS | EARRING }, { "clothes", CLOTHES | HAT | NECKLACE }
};

#define LIST(classes) sizeof(classes) / sizeof *(classes), classes
static const dml_scheme schemes[] = {
    [DMLCSR_SCHEME_CELEBAMASK_HQ] = { "celebamask-hq", DMLCSR_SIDE_SUBJECT, LIST(celebamask_hq) },
    [DMLCSR_SCHEME_LAPA] = { "lapa", DMLCSR_SIDE_PICTURE, LIST(lapa) },
    [DMLCSR_SCHEME_HELEN] = { "helen", DMLCSR_SIDE_UNKNOWN, LIST(lapa) },
    [DMLCSR_SCHEME_FACE_PARSING_PYTORCH] = { "face-parsing-pytorch", DMLCSR_SIDE_SUBJECT, LIST(face_parsing_pytorch) },
    [DMLCSR_SCHEME_FACER_CELEBM] = { "facer-celebm", DMLCSR_SIDE_PICTURE, LIST(facer_celebm) },
    [DMLCSR_SCHEME_FACER_LAPA] = { "facer-lapa", DMLCSR_SIDE_SUBJECT, LIST(facer_lapa) },
    [DMLCSR_SCHEME_SEGFORMER] = { "segformer", DMLCSR_SIDE_SUBJECT, LIST(celebamask_hq) },
    [DMLCSR_SCHEME_MERGED_11] = { "merged-11", DMLCSR_SIDE_NONE, LIST(merged_11) },
    [DMLCSR_SCHEME_MERGED_8] = { "merged-8", DMLCSR_SIDE_NONE, LIST(merged_8) },
};
#define SCHEMES (sizeof schemes / sizeof *schemes)

/* Spellings of models' class lists that no scheme has. */
static const list spellings[] = {
    { "bg", BACKGROUND }, { "face_skin", SKIN }, { "facial_skin", SKIN }, { "left_brow", LEFT_BROW },
    { "right_brow", RIGHT_BROW }, { "lbrow", LEFT_BROW }, { "rbrow", RIGHT_BROW }, { "leye", LEFT_EYE },
    { "reye", RIGHT_EYE }, { "left_ear", LEFT_EAR }, { "right_ear", RIGHT_EAR }, { "lr_ear", EARS }, { "ear", EARS },
    { "eye", EYES }, { "brow", BROWS }, { "eyeglass", GLASSES }, { "glass", GLASSES }, { "teeth", INNER_MOUTH },
    { "earring", EARRING }, { "necklace", NECKLACE }, { "neckl", NECKLACE }, { "clothing", CLOTHES }
};

const dml_scheme *dml_scheme_get(int scheme)
{
    return scheme >= 0 && (size_t)scheme < SCHEMES ? &schemes[scheme] : NULL;
}

uint32_t dml_scheme_count(void)
{
    return SCHEMES;
}

static dml_parts find(const list *classes, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (dml_class_name_equal(classes[i].name, name))
            return classes[i].parts;
    return 0;
}

/* The merged lists come last: "skin" alone does not mean the neck, too. */
dml_parts dml_parts_named(const char *name)
{
    dml_parts parts = find(spellings, sizeof spellings / sizeof *spellings, name);
    for (size_t i = 0; i < SCHEMES && !parts; i++)
        parts = find(schemes[i].classes, schemes[i].count, name);
    return parts;
}

dml_parts dml_parts_mirrored(dml_parts parts)
{
    dml_parts left = parts & LEFT_PARTS, right = parts & (dml_parts)LEFT_PARTS << 1;
    return (parts & ~(left | right)) | left << 1 | right >> 1;
}
