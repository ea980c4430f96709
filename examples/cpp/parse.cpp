// The library from C++17: handles that free themselves, errors as exceptions, one clone per thread.
// Build: c++ -std=c++17 parse.cpp $(pkg-config --cflags --libs dmlcsr) -pthread
// Use:   parse PHOTO.ppm...
#include <array>
#include <cstdio>
#include <fstream>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dmlcsr/dmlcsr.h>

namespace {

struct Picture {
    std::uint32_t width = 0, height = 0;
    std::vector<std::uint8_t> pixels; // RGB
};

class Parser {
public:
    explicit Parser(const char *model = nullptr)
    {
        std::array<char, 512> error{};
        dmlcsr_options options;
        dmlcsr_options_init(&options);
        options.error = error.data();
        options.error_size = error.size();
        dmlcsr *handle = nullptr;
        if (dmlcsr_create(&handle, model, &options) != DMLCSR_OK)
            throw std::runtime_error(error.data());
        handle_.reset(handle);
    }

    // Same weights, own scratch memory: for another thread.
    Parser clone() const
    {
        dmlcsr *handle = nullptr;
        if (int status = dmlcsr_clone(&handle, handle_.get()); status != DMLCSR_OK)
            throw std::runtime_error(dmlcsr_strerror(status));
        return Parser(handle);
    }

    std::vector<std::uint8_t> parse(const Picture &picture)
    {
        std::vector<std::uint8_t> labels(std::size_t{picture.width} * picture.height);
        const dmlcsr_image image = {picture.pixels.data(), picture.width, picture.height,
                                    std::size_t{picture.width} * 3, DMLCSR_RGB8};
        if (dmlcsr_parse(handle_.get(), &image, labels.data(), picture.width) != DMLCSR_OK)
            throw std::runtime_error(dmlcsr_last_error(handle_.get()));
        return labels;
    }

    std::uint32_t classes() const { return dmlcsr_class_count(handle_.get()); }
    const char *name(std::uint32_t label) const { return dmlcsr_class_name(handle_.get(), label); }

private:
    struct Free {
        void operator()(dmlcsr *handle) const { dmlcsr_free(handle); }
    };
    explicit Parser(dmlcsr *handle) : handle_(handle) {}
    std::unique_ptr<dmlcsr, Free> handle_;
};

Picture read_ppm(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    std::string magic;
    Picture picture;
    unsigned depth = 0;
    file >> magic >> picture.width >> picture.height >> depth;
    file.get();
    if (!file || magic != "P6" || depth != 255 || picture.width > 65535 || picture.height > 65535)
        throw std::runtime_error(path + " is not a binary PPM picture with 8 bits");
    picture.pixels.resize(std::size_t{picture.width} * picture.height * 3);
    const auto size = static_cast<std::streamsize>(picture.pixels.size());
    if (!file.read(reinterpret_cast<char *>(picture.pixels.data()), size))
        throw std::runtime_error(path + " ends too early");
    return picture;
}

std::string describe(Parser parser, const std::string &path)
{
    const Picture picture = read_ppm(path);
    std::vector<std::size_t> count(parser.classes());
    for (std::uint8_t label : parser.parse(picture))
        count.at(label)++;
    std::string text = path + "\n";
    for (std::uint32_t k = 0; k < parser.classes(); k++) {
        std::array<char, 96> line{};
        const double share = 100.0 * static_cast<double>(count[k]) / (double{1} * picture.width * picture.height);
        std::snprintf(line.data(), line.size(), "%-12s %6.2f %%\n", parser.name(k), share);
        if (count[k])
            text += line.data();
    }
    return text;
}

} // namespace

int main(int argc, char **argv)
try {
    if (argc < 2)
        throw std::runtime_error("usage: parse PHOTO.ppm...");
    const Parser parser;
    std::vector<std::future<std::string>> jobs;
    for (int i = 1; i < argc; i++) // all at the same time, each with a clone of its own
        jobs.push_back(std::async(std::launch::async, describe, parser.clone(), std::string(argv[i])));
    for (auto &job : jobs)
        std::fputs(job.get().c_str(), stdout);
    return 0;
} catch (const std::exception &error) {
    std::fprintf(stderr, "parse: %s\n", error.what());
    return 1;
}
