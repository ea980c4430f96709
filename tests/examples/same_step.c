/* How far two networks are from each other, measured by the step that led to the first of them.
 * usage: same_step START ONE TWO: prints |TWO - ONE| / |ONE - START| over all parameters, and |TWO - ONE| / |ONE| over
 * the running statistics of the norms. The files hold the same tensors in the same order, F32. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct model {
    char *head;        /* JSON, ends with 0 */
    const float *data; /* behind it */
} model;

static model read_model(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint64_t length;
    long size;
    if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 8 || fseek(file, 0, SEEK_SET)
        || fread(&length, 1, 8, file) != 8 || length > (uint64_t)size - 8) {
        perror(path);
        exit(2);
    }
    const size_t rest = (size_t)size - 8 - (size_t)length;
    char *head = calloc(1, length + 1);
    float *data = malloc(rest);
    if (!head || !data || fread(head, 1, length, file) != length || fread(data, 1, rest, file) != rest)
        exit(2);
    fclose(file);
    return (model){head, data};
}

/* The place of a tensor, from its entry: values, not bytes. */
static void range(const char *entry, size_t *begin, size_t *end)
{
    const char *offsets = strstr(entry, "\"data_offsets\":[");
    char *comma;
    if (!offsets)
        exit(2);
    *begin = strtoul(offsets + 16, &comma, 10) / sizeof(float);
    *end = strtoul(comma + 1, NULL, 10) / sizeof(float);
}

int main(int argc, char **argv)
{
    double step[2] = {0, 0}, apart[2] = {0, 0};
    if (argc != 4)
        return 2;
    const model start = read_model(argv[1]), one = read_model(argv[2]), two = read_model(argv[3]);
    const char *a = start.head, *b = one.head, *c = two.head;
    while ((a = strstr(a, ":{\"dtype\":\"F32\"")) && (b = strstr(b, ":{\"dtype\":\"F32\""))
           && (c = strstr(c, ":{\"dtype\":\"F32\""))) {
        size_t at[3], end[3];
        range(a, &at[0], &end[0]);
        range(b, &at[1], &end[1]);
        range(c, &at[2], &end[2]);
        const int statistic = a - start.head > 14 && (strncmp(a - 13, "running_mean\"", 13) == 0
                                                      || strncmp(a - 12, "running_var\"", 12) == 0);
        for (; at[0] < end[0]; at[0]++, at[1]++, at[2]++) {
            step[statistic] += pow((double)one.data[at[1]] - (statistic ? 0 : start.data[at[0]]), 2);
            apart[statistic] += pow((double)two.data[at[2]] - one.data[at[1]], 2);
        }
        a++, b++, c++;
    }
    printf("%.3g %.3g\n", sqrt(apart[0] / step[0]), sqrt(apart[1] / step[1]));
    return !(step[0] > 0 && step[1] > 0 && isfinite(apart[0] + apart[1]));
}
