// dmlcsr.hpp and mask.hpp at work, with exceptions or without: use MODEL PHOTO. Writes what facts.c writes, and ends
// with "N passed, N failed".
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <thread>

#include <dmlcsr/dmlcsr.hpp>
#include <dmlcsr/mask.hpp>

namespace cpp = dmlcsr_cpp;

static int passed, failed;
#define CHECK(condition) \
    ((condition) ? (void)++passed : (void)(++failed, std::printf("line %d: %s\n", __LINE__, #condition)))

constexpr std::uint32_t width = 67, height = 53;

static std::vector<std::uint8_t> drawing(std::size_t stride, std::size_t channels)
{
    std::vector<std::uint8_t> pixels(stride * height, 7);
    for (std::size_t y = 0; y < height; y++)
        for (std::size_t x = 0; x < width; x++)
            for (std::size_t k = 0; k < channels; k++)
                pixels[y * stride + x * channels + k] =
                    static_cast<std::uint8_t>((x - 33) * (x - 33) + (y - 26) * (y - 26) < 500 ? 200 - 20 * k : 3 * y);
    return pixels;
}

static void pictures(cpp::Parser &parser)
{
    const auto tight = drawing(3 * width, 3), padded = drawing(3 * width + 5, 3);
    const cpp::Image image{tight, width, height};
    auto labels = parser.parse(image).value();
    CHECK(labels.size() == std::size_t{width} * height);
    std::vector<std::uint8_t> plain(labels.size());
    const dmlcsr_image c = {tight.data(), width, height, 3 * width, DMLCSR_RGB8};
    CHECK(dmlcsr_parse(parser.get(), &c, plain.data(), width) == DMLCSR_OK);
    CHECK(plain == labels);
    CHECK(parser.parse({padded, width, height, cpp::Format::rgb8, 3 * width + 5}).value() == labels);

    const cpp::Region face{33, 26, 40, 0.1f, 0};
    CHECK(parser.parse(image, face).value() != labels);
    const auto all = (std::uint64_t{1} << parser.class_count()) - 1;
    const auto matte = parser.matte(image, all).value();
    CHECK(matte == std::vector<std::uint8_t>(labels.size(), 255));

    std::vector<float> probabilities(labels.size() * parser.class_count());
    std::vector<std::uint8_t> wide((width + 3) * height, 77);
    cpp::Outputs wanted;
    wanted.labels = {wide, width + 3};
    wanted.probabilities = probabilities;
    CHECK(parser.run(image, wanted).ok());
    CHECK(std::memcmp(wide.data() + width + 3, labels.data() + width, width) == 0);
    CHECK(wide[width] == 77);
    float sum = 0;
    for (std::size_t k = 0; k < parser.class_count(); k++)
        sum += probabilities[k * labels.size() + 100];
    CHECK(sum > 0.999f && sum < 1.001f);
}

static void faces(cpp::Parser &parser)
{
    const auto pixels = drawing(3 * width, 3);
    const cpp::Image image{pixels, width, height};
    const std::vector<cpp::Face> two = {{30, 20, 16, 0.2f, 20, 10, 40, 30, 0.9f},
                                        {33, 26, 30, 0, 10, 10, 50, 50, 0.8f}};
    auto expected = parser.parse(image, two[1].region()).value();
    cpp::Outputs wanted;
    wanted.labels = expected;
    wanted.flags = cpp::Flags::compose;
    CHECK(parser.run(image, wanted, two[0].region()).ok()); // the smaller one on top
    CHECK(parser.parse_faces(image, two).value() == expected);
    const cpp::Span<const cpp::Face> nobody;
    CHECK(parser.parse_faces(image, nobody).value() == std::vector<std::uint8_t>(expected.size()));
    cpp::FindOptions options;
    options.smallest = 3;
    CHECK(parser.find_faces(image, options).message() == dmlcsr_last_error(parser.get()));
    CHECK(parser.find_faces({pixels, width, height + 1}).status() == cpp::Status::argument);
    CHECK(parser.parse_faces({pixels, width, height + 1}, two).status() == cpp::Status::argument);
    auto wrong = two;
    wrong[0].center_x = NAN;
    CHECK(parser.parse_faces(image, wrong).message().find("job 1: ") == 0);
    wrong[0].size = NAN;
    CHECK(parser.parse_faces(image, wrong).message() == "a face has no size");
}

static void tables(const cpp::Parser &parser) // whose classes are those of CelebAMask-HQ
{
    using cpp::Scheme, cpp::Side;
    CHECK(cpp::scheme_find("lapa") == Scheme::lapa && cpp::scheme_side(Scheme::lapa) == Side::picture);
    CHECK(!cpp::scheme_find("no such scheme") && !cpp::scheme_find(nullptr));
    CHECK(std::string(cpp::scheme_class_name(Scheme::lapa, 2)) == "left eyebrow");
    CHECK(!cpp::scheme_class_name(Scheme::own, 0) && cpp::scheme_class_count(Scheme::own) == 0);

    // The person's left eye is the right one of the picture; hats have no counterpart.
    const auto table = cpp::scheme_map(Scheme::celebamask_hq, Scheme::lapa, Side::unknown, 255).value();
    CHECK(table[4] == 5 && table[11] == 7 && table[14] == 255);
    CHECK(parser.class_map(Scheme::lapa, Side::unknown, 255).value() == table);
    CHECK(cpp::scheme_map(Scheme::celebamask_hq, Scheme::lapa, Side::subject).value()[4] == 4);
    const auto swapped = parser.class_map(Scheme::own, Side::picture, 9).value();
    CHECK(swapped[4] == 5 && swapped[13] == 13 && swapped[99] == 9);
    CHECK(parser.class_mirror()[4] == 5 && parser.class_mirror()[99] == 99);
    CHECK(cpp::scheme_mirror(Scheme::lapa).value()[2] == 3);
    const auto unknown = cpp::scheme_map(Scheme::helen, Scheme::lapa, Side::subject);
    CHECK(unknown.status() == cpp::Status::argument && unknown.message().find("whose left it is") != std::string::npos);
    CHECK(parser.class_map(Scheme::lapa, Side::unknown, 11).status() == cpp::Status::argument);
    CHECK(cpp::scheme_mirror(Scheme::own).status() == cpp::Status::argument);
}

static void masks()
{
    std::vector<std::uint8_t> map(11 * 9), wide(14 * 9, 77);
    for (std::size_t i = 0; i < map.size(); i++)
        wide[i / 11 * 14 + i % 11] = map[i] = i / 44 == 1 && i % 11 >= 4 && i % 11 < 8 ? 12 : 3;
    const cpp::Mask labels{map, 11, 9}, padded{wide, 11, 9, 14};
    auto mask = cpp::select(labels, 1 << 12).value();
    CHECK(cpp::select(padded, 1 << 12).value() == mask && mask[4 * 11 + 4] == 255 && mask[4 * 11 + 3] == 0);
    cpp::Table table{};
    table[3] = 30, table[12] = 120;
    CHECK(cpp::remap(labels, table).value()[4 * 11 + 4] == 120);

    const auto row = [](const std::vector<std::uint8_t> &of, std::size_t y) {
        const auto start = of.begin() + static_cast<std::ptrdiff_t>(11 * y);
        return std::vector<std::uint8_t>(start, start + 11);
    };
    using bytes = std::vector<std::uint8_t>;
    CHECK(row(cpp::grow({mask, 11, 9}, 1.5f).value(), 3) == bytes({0, 0, 0, 255, 255, 255, 255, 255, 255, 0, 0}));
    CHECK(row(cpp::shrink({mask, 11, 9}, 1).value(), 5) == bytes({0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0}));
    CHECK(row(cpp::feather({mask, 11, 9}, 4).value(), 5) == bytes({0, 0, 32, 96, 159, 223, 223, 159, 96, 32, 0}));
    auto matte = mask;
    for (auto &pixel : matte)
        pixel = pixel ? 200 : 40;
    CHECK(row(cpp::clean({matte, 11, 9}, 4).value(), 5) == bytes({0, 0, 10, 30, 214, 241, 241, 214, 30, 10, 0}));

    // Into the caller's rows, and in place, between bytes that stay.
    const auto grown = cpp::grow({mask, 11, 9}, 2).value();
    CHECK(cpp::select(padded, 1 << 12, {wide, 14}).ok() && cpp::grow(padded, 2, {wide, 14}).ok());
    CHECK(std::memcmp(wide.data() + 56, grown.data() + 44, 11) == 0 && wide[11] == 77);
    CHECK(cpp::grow({mask, 11, 9}, 2, mask).ok() && mask == grown);

    CHECK(cpp::grow({map, 11, 10}, 1).message() == "the pixels are fewer than the picture's size says");
    CHECK(cpp::select({map, 11, 9, 12}, 1).status() == cpp::Status::argument);
    CHECK(cpp::select({map, 11, 9, 10}, 1).status() == cpp::Status::argument);
    CHECK(cpp::remap({map, 0, 9}, table).status() == cpp::Status::argument);
    CHECK(cpp::select({map, UINT32_MAX, UINT32_MAX}, 1).status() == cpp::Status::argument);
    CHECK(cpp::select(labels, 1, {mask, 12}).message() == "the output has too few elements");
    const cpp::Rows<std::uint8_t> overlapping({wide.data() + 1, wide.size() - 1}, 14);
    CHECK(cpp::select(padded, 1, overlapping).status() == cpp::Status::argument);
    CHECK(cpp::feather(labels, -1).status() == cpp::Status::argument);
    CHECK(cpp::clean(labels, NAN).status() == cpp::Status::argument);
    CHECK(cpp::grow(labels, -1.5f).message() == "radius is -1.5, must be 0 or above, and finite");
    CHECK(cpp::shrink(labels, INFINITY, mask).message() == "radius is inf, must be 0 or above, and finite");
    CHECK(cpp::feather(labels, -1).message() == "width is -1, must be 0 or above, and finite");
    CHECK(cpp::clean(labels, -2).message() == "band is -2, must be 0 or above, and finite");
}

// ---- what facts.c says ----

static unsigned long sum(const std::vector<std::uint8_t> &map)
{
    unsigned long all = 0;
    for (std::size_t i = 0; i < map.size(); i++)
        all += map[i] * static_cast<unsigned long>(i % 251 + 1);
    return all;
}

static unsigned long sum(const cpp::Table &table)
{
    return sum(std::vector<std::uint8_t>(table.begin(), table.end()));
}

template <class Map> void fact(const std::string &what, cpp::Result<Map> map)
{
    std::printf("fact: %s %lu\n", what.c_str(), sum(map.value()));
}

static void tables_as_facts(const cpp::Parser &parser)
{
    for (std::uint32_t number = 0; number < cpp::scheme_count(); number++) {
        const auto scheme = static_cast<cpp::Scheme>(number);
        const std::string name = cpp::scheme_name(scheme);
        const int side = static_cast<int>(cpp::scheme_side(scheme));
        std::printf("fact: scheme %u is %s, side %d\n", number, name.c_str(), side);
        for (std::uint32_t k = 0; k < cpp::scheme_class_count(scheme); k++)
            std::printf("fact: class %u of %s is %s %06x\n", k, name.c_str(), cpp::scheme_class_name(scheme, k),
                        cpp::scheme_class_color(scheme, k));
        fact("model to " + name, parser.class_map(scheme, cpp::Side::picture, 255));
        fact(name + " to lapa", cpp::scheme_map(scheme, cpp::Scheme::lapa, cpp::Side::unknown, 3));
        fact(name + " mirrored", cpp::scheme_mirror(scheme));
    }
    fact("model's left that of the picture", parser.class_map(cpp::Scheme::own, cpp::Side::picture));
    fact<cpp::Table>("model mirrored", parser.class_mirror());
}

static void masks_as_facts()
{
    std::vector<std::uint8_t> labels(width * height), matte(width * height);
    cpp::Table table{};
    for (std::size_t i = 0; i < table.size(); i++)
        table[i] = static_cast<std::uint8_t>(7 * i);
    for (std::size_t i = 0; i < labels.size(); i++) {
        labels[i] = static_cast<std::uint8_t>((i % width / 9 + i / width / 7) % 19);
        matte[i] = static_cast<std::uint8_t>(7 * (i % width) + 5 * (i / width));
    }
    fact("remapped", cpp::remap({labels, width, height}, table));
    const auto selected = cpp::select({labels, width, height}, 1 << 3 | 1 << 11).value();
    fact<std::vector<std::uint8_t>>("selected", selected);
    fact("grown", cpp::grow({selected, width, height}, 3.5f));
    fact("shrunk", cpp::shrink({selected, width, height}, 2.25f));
    fact("feathered", cpp::feather({selected, width, height}, 6.5f));
    fact("cleaned", cpp::clean({matte, width, height}, 9.5f));
}

static void photograph(cpp::Parser &parser, const char *path)
{
    std::ifstream file(path, std::ios::binary);
    const std::vector<std::uint8_t> pixels{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const cpp::Image image{pixels, 512, 256};
    cpp::FindOptions options;
    options.smallest = 40;
    const auto found = parser.find_faces(image, options).value();
    for (const cpp::Face &f : found)
        std::printf("fact: face %.2f %.2f %.2f %.4f, %.2f %.2f %.2f %.2f, %.6f\n", double{f.center_x},
                    double{f.center_y}, double{f.size}, double{f.rotation}, double{f.left}, double{f.top},
                    double{f.right}, double{f.bottom}, double{f.confidence});
    std::printf("fact: labels of all faces %lu\n", sum(parser.parse_faces(image, found).value()));
    // Without faces, they are found; there, the default of smallest is less, and says the same of them to some pixels.
    const auto labels = parser.parse_faces(image).value();
    if (found.size() != 2 || !labels[105 * 512 + 128] || !labels[112 * 512 + 399] || labels[0])
        std::printf("fact: other faces are found\n");
}

static void facts(cpp::Parser &parser, const char *photo)
{
    for (std::uint32_t k = 0; k < parser.class_count(); k++)
        std::printf("fact: class %u %s %06x\n", k, parser.class_name(k), parser.class_color(k));
    tables_as_facts(parser);
    masks_as_facts();
    if (photo)
        photograph(parser, photo);
}

// ---- refusals, settings, threads ----

static void refusals(cpp::Parser &parser)
{
    const auto pixels = drawing(3 * width, 3);
    std::vector<std::uint8_t> map(std::size_t{width} * height);
    cpp::Outputs wanted;
    auto nothing = parser.run({pixels, width, height}, wanted);
    CHECK(nothing.status() == cpp::Status::argument && !nothing.message().empty());
    CHECK(nothing.message() == dmlcsr_last_error(parser.get()));

    // None of these may touch memory that is not there.
    CHECK(parser.parse({pixels, width, height + 1}).status() == cpp::Status::argument);
    CHECK(parser.parse({pixels, width, height, cpp::Format::rgba8}).status() == cpp::Status::argument);
    CHECK(parser.parse({pixels, width, height, cpp::Format::rgb8, SIZE_MAX}).status() == cpp::Status::argument);
    CHECK(parser.parse({pixels, UINT32_MAX, UINT32_MAX}).status() == cpp::Status::argument);
    CHECK(parser.parse({pixels, 0, 0}).status() == cpp::Status::argument);
    wanted.labels = {{map.data(), map.size() - 1}};
    CHECK(parser.run({pixels, width, height}, wanted).message() == "labels: too few elements");
    wanted.labels = map;
    wanted.probabilities8 = map;
    CHECK(parser.run({pixels, width, height}, wanted).message() == "probabilities8: too few elements");
    wanted.probabilities8 = {};
    std::vector<float> edge(map.size());
    wanted.binary_edge = edge;
    CHECK(parser.run({pixels, width, height}, wanted).status() == cpp::Status::no_edges);

    const auto none = cpp::Parser::open("/nowhere.safetensors");
    CHECK(none.status() == cpp::Status::io && std::strstr(none.message().c_str(), "/nowhere.safetensors"));
    CHECK(cpp::Parser::load(pixels).status() == cpp::Status::format);
#ifdef __cpp_exceptions
    try {
        (void)cpp::Parser::open("/nowhere.safetensors").value();
        CHECK(false);
    } catch (const cpp::Error &error) {
        CHECK(error.status() == cpp::Status::io && error.what() == none.message());
    }
#endif
}

static void settings(const char *model)
{
    std::ifstream file(model, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const auto *start = reinterpret_cast<const std::uint8_t *>(bytes.data());
    bool go_on = true;
    unsigned calls = 0;
    std::string logged;
    cpp::Options options;
    options.threads = 1;
    options.isa = cpp::Isa::c;
    options.keep_edges = true;
    options.pack = true;
    options.input_size = 33;
    options.progress = [&](std::uint32_t, std::uint32_t) { return ++calls, go_on; };
    options.log = [&](cpp::Log, const char *text) { logged = text; };
    auto parser = cpp::Parser::load({start, bytes.size()}, options).value();
    CHECK(parser.threads() == 1 && parser.has_edges() && parser.input_size() == 33);
    CHECK(std::string(parser.isa()) == "c" && parser.class_find(parser.class_name(1)) == 1);

    const std::vector<float> input(3 * 33 * 17);
    const auto logits = parser.forward(input, 33, 17).value();
    CHECK(logits.height == 9 && logits.width == 5);
    CHECK(logits.parsing.size() == 45 * parser.class_count() && logits.binary_edge.size() == 90);
    CHECK(parser.forward(input, 33, 18).status() == cpp::Status::argument);
    CHECK(parser.forward(input, 5, 4098).message() == "input of 4098 x 5: both sides must be 17 to 4097");
    CHECK(parser.memory().weights > 1 << 20 && parser.memory().scratch > 1 << 10);
    CHECK(calls > 0);
    go_on = false;
    CHECK(parser.forward(input, 33, 17).status() == cpp::Status::cancelled);

    options.memory_limit = 1;
    const auto small = cpp::Parser::load({start, bytes.size()}, options);
    CHECK(small.status() == cpp::Status::limit && small.message() == logged);
}

static void clones(const cpp::Parser &parser)
{
    const auto pixels = drawing(3 * width, 3);
    std::array<std::vector<std::uint8_t>, 3> maps;
    std::vector<std::thread> threads;
    for (auto &map : maps)
        threads.emplace_back([&parser, &pixels, &map] {
            auto mine = parser.clone().value();
            map = mine.parse({pixels, width, height}).value();
        });
    for (auto &thread : threads)
        thread.join();
    CHECK(!maps[0].empty() && maps[0] == maps[1] && maps[0] == maps[2]);
}

static void names()
{
    CHECK(cpp::version() == dmlcsr_version());
    CHECK(cpp::isa_available(cpp::Isa::c) && !cpp::isa_available(static_cast<cpp::Isa>(99)));
    CHECK(cpp::isa_find("avx2") == cpp::Isa::avx2 && cpp::isa_find("auto") == cpp::Isa::automatic);
    CHECK(!cpp::isa_find("mmx") && !cpp::isa_find(nullptr));
    CHECK(cpp::precision_find("bf16") == cpp::Precision::bf16 && !cpp::precision_find("fp8"));
}

/* What was moved away has no model, and says so. */
static void moved(cpp::Parser &away)
{
    const auto pixels = drawing(3 * width, 3);
    const std::vector<float> input(3 * 33 * 17);
    const std::string why = "this parser was moved away: it has no model any more";
    CHECK(away.parse({pixels, width, height}).message() == why && away.clone().message() == why);
    CHECK(away.forward(input, 33, 17).message() == why && away.find_faces({pixels, width, height}).message() == why);
    CHECK(away.class_map(cpp::Scheme::lapa).message() == why && away.memory().weights == 0);
    CHECK(away.clone().status() == cpp::Status::argument);
}

int main(int argc, char **argv)
{
    auto opened = cpp::Parser::open(argv[1]);
    const auto &seen = opened;
    CHECK(&seen.value() == &opened.value() && seen.value().class_count() > 0);
    auto parser = std::move(opened).value();
    facts(parser, argc > 2 ? argv[2] : nullptr);
    pictures(parser);
    faces(parser);
    tables(parser);
    masks();
    refusals(parser);
    settings(argv[1]);
    clones(parser);
    names();
    auto other = std::move(parser);
    CHECK(other.class_count() > 0);
    moved(parser);
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
