/* Feeds files to a fuzz target without a fuzzer: replay FILE-OR-FOLDER... Linked with one target each. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long inputs;

static int feed_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    long size = -1;
    if (file && !fseek(file, 0, SEEK_END) && (size = ftell(file)) >= 0 && !fseek(file, 0, SEEK_SET))
        data = malloc(size ? (size_t)size : 1);
    int sound = data && fread(data, 1, (size_t)size, file) == (size_t)size;
    if (sound) {
        LLVMFuzzerTestOneInput(data, (size_t)size);
        inputs++;
    } else {
        fprintf(stderr, "replay: cannot read %s\n", path);
    }
    free(data);
    if (file)
        fclose(file);
    return sound ? 0 : 1;
}

static int feed(const char *path)
{
    struct stat info;
    if (stat(path, &info)) {
        fprintf(stderr, "replay: no file %s\n", path);
        return 1;
    }
    if (!S_ISDIR(info.st_mode))
        return feed_file(path);
    DIR *folder = opendir(path);
    if (!folder) {
        fprintf(stderr, "replay: cannot open %s\n", path);
        return 1;
    }
    int failures = 0;
    for (struct dirent *item; (item = readdir(folder)) != NULL;) {
        char inner[4096];
        if (item->d_name[0] != '.' && snprintf(inner, sizeof inner, "%s/%s", path, item->d_name) < (int)sizeof inner)
            failures += feed(inner);
    }
    closedir(folder);
    return failures;
}

int main(int argc, char **argv)
{
    int failures = 0;
    for (int i = 1; i < argc; i++)
        failures += feed(argv[i]);
    printf("%lu inputs replayed\n", inputs);
    if (!inputs)
        fprintf(stderr, "replay: no inputs: name files or folders\n");
    return failures || !inputs;
}
