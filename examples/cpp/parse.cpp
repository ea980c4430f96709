// The library from C++17 through its header dmlcsr.hpp: one clone per thread.
// Build: c++ -std=c++17 parse.cpp $(pkg-config --cflags --libs dmlcsr) -pthread
// Use:   parse PHOTO.ppm...
#include <cstdio>
#include <fstream>
#include <future>
#include <stdexcept>
#include <string>
#include <vector>

#include <dmlcsr/dmlcsr.hpp>

namespace {

struct Picture {
    std::uint32_t width = 0, height = 0;
    std::vector<std::uint8_t> pixels; // RGB
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

std::string describe(dmlcsr_cpp::Parser parser, const std::string &path)
{
    const Picture picture = read_ppm(path);
    const auto labels = parser.parse({picture.pixels, picture.width, picture.height}).value();
    std::vector<std::size_t> count(parser.class_count());
    for (std::uint8_t label : labels)
        count.at(label)++;
    std::string text = path + "\n";
    for (std::uint32_t k = 0; k < parser.class_count(); k++) {
        char line[96];
        const double share = 100.0 * static_cast<double>(count[k]) / static_cast<double>(labels.size());
        std::snprintf(line, sizeof line, "%-12s %6.2f %%\n", parser.class_name(k), share);
        if (count[k])
            text += line;
    }
    return text;
}

} // namespace

int main(int argc, char **argv)
try {
    if (argc < 2)
        throw std::runtime_error("usage: parse PHOTO.ppm...");
    const auto parser = dmlcsr_cpp::Parser::open().value(); // throws the library's sentence
    std::vector<std::future<std::string>> jobs;
    for (int i = 1; i < argc; i++) // all at the same time, each with a clone of its own
        jobs.push_back(std::async(std::launch::async, describe, parser.clone().value(), std::string(argv[i])));
    for (auto &job : jobs)
        std::fputs(job.get().c_str(), stdout);
    return 0;
} catch (const std::exception &error) {
    std::fprintf(stderr, "parse: %s\n", error.what());
    return 1;
}
