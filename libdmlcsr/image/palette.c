#include "image/palette.h"

#include <stddef.h>

/* Chosen to be told apart on a photograph: large parts in calm colours that leave the picture readable, small ones in
   strong ones; left and right of a pair differ in hue and in lightness. All spellings of a part stand together. */
static const struct {
    const char *name;
    uint32_t color;
} palette[] = {
    { "background", 0x000000 },
    { "bg", 0x000000 },
    { "skin", 0xFFB085 },         /* all three; the whole face without hair */
    { "face", 0xFFB085 },
    { "face_skin", 0xFFB085 },
    { "facial_skin", 0xFFB085 },
    { "nose", 0xF2D64B },
    { "eye_g", 0x23395B },        /* CelebAMask-HQ: glasses */
    { "eyeg", 0x23395B },         /* short names: facer */
    { "eyeglass", 0x23395B },
    { "glasses", 0x23395B },
    { "l_eye", 0x3DA5FF },
    { "left_eye", 0x3DA5FF },
    { "leye", 0x3DA5FF },
    { "le", 0x3DA5FF },
    { "eyes", 0x3DA5FF },         /* lists without sides: the left one's colour */
    { "eyes_brows", 0x3DA5FF },
    { "r_eye", 0x1B4FD8 },
    { "right_eye", 0x1B4FD8 },
    { "reye", 0x1B4FD8 },
    { "re", 0x1B4FD8 },
    { "l_brow", 0x59D98E },
    { "left_brow", 0x59D98E },
    { "left_eyebrow", 0x59D98E },
    { "lbrow", 0x59D98E },
    { "lb", 0x59D98E },
    { "brows", 0x59D98E },
    { "r_brow", 0x128A4B },
    { "right_brow", 0x128A4B },
    { "right_eyebrow", 0x128A4B },
    { "rbrow", 0x128A4B },
    { "rb", 0x128A4B },
    { "l_ear", 0xC9A0FF },
    { "left_ear", 0xC9A0FF },
    { "lr_ear", 0xC9A0FF },       /* lists that have one class for both ears */
    { "ear", 0xC9A0FF },
    { "ears", 0xC9A0FF },
    { "lr", 0xC9A0FF },
    { "r_ear", 0x8A4FD0 },
    { "right_ear", 0x8A4FD0 },
    { "rr", 0x8A4FD0 },
    { "mouth", 0x7A1030 },        /* CelebAMask-HQ: the inner mouth */
    { "inner_mouth", 0x7A1030 },
    { "imouth", 0x7A1030 },
    { "teeth", 0x7A1030 },
    { "u_lip", 0xFF4D6D },
    { "upper_lip", 0xFF4D6D },
    { "ulip", 0xFF4D6D },
    { "mouth_lips", 0xFF4D6D },
    { "l_lip", 0xD81159 },        /* lower, not left */
    { "lower_lip", 0xD81159 },
    { "llip", 0xD81159 },
    { "hair", 0x9C3B1B },
    { "hat", 0xFF8C1A },
    { "ear_r", 0x00E5D0 },        /* CelebAMask-HQ: earring */
    { "earring", 0x00E5D0 },
    { "earr", 0x00E5D0 },
    { "neck_l", 0xB8F400 },       /* CelebAMask-HQ: necklace */
    { "necklace", 0xB8F400 },
    { "neck", 0xB56576 },
    { "cloth", 0x2A9D8F },
    { "clothes", 0x2A9D8F },
    { "clothing", 0x2A9D8F },
};

/* The letter as it is compared. Not tolower(): that depends on the program's locale. */
static char plain(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c == ' ' || c == '-' ? '_' : c;
}

bool dml_class_name_equal(const char *a, const char *b)
{
    for (; *a && plain(*a) == plain(*b); a++, b++)
        ;
    return plain(*a) == plain(*b);
}

/* A full turn of the colour wheel in 1536 steps, not too bright and not too dark. */
static uint32_t wheel(uint32_t turn)
{
    uint32_t sector = turn / 256 % 6, rise = 48 + turn % 256 * 176 / 256, fall = 48 + 224 - rise;
    static const uint8_t order[6][3] = { { 2, 0, 3 }, { 1, 2, 3 }, { 3, 2, 0 }, { 3, 1, 2 }, { 0, 3, 2 }, { 2, 3, 1 } };
    const uint32_t level[4] = { rise, fall, 224, 48 };
    return level[order[sector][0]] << 16 | level[order[sector][1]] << 8 | level[order[sector][2]];
}

uint32_t dml_class_color(const char *name, uint32_t label)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    if (!name || !*name)
        return label ? wheel(label * 949u) : 0; /* 949 / 1536: the golden ratio, so that neighbours differ */
    for (size_t i = 0; i < sizeof palette / sizeof *palette; i++)
        if (dml_class_name_equal(palette[i].name, name))
            return palette[i].color;
    for (; *name; name++)
        hash = (hash ^ (uint8_t)plain(*name)) * 16777619u;
    return wheel((hash ^ hash >> 16) % 1536);
}
