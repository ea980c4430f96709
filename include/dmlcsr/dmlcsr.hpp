/**
 * @file dmlcsr.hpp
 * dmlcsr.h and classes.h for C++17: handles that free themselves, views that know their size, results that cannot be
 * overlooked. mask.hpp is mask.h.
 *
 *     auto parser = dmlcsr_cpp::Parser::open().value();               // the built-in model, default options
 *     auto labels = parser.parse({pixels, width, height}).value();    // std::vector<std::uint8_t>, one class a pixel
 *
 * What can fail returns a Result. Where there is no value, value() throws Error; without exceptions (-fno-exceptions)
 * it ends the program, so ask ok(), status() and message() first.
 *
 * Rules are those of dmlcsr.h: one Parser, one thread at a time, one clone() per thread. Inspecting, converting
 * and exporting model files, dmlcsr_parse_many() with jobs of one's own, and allocators are left to the functions there,
 * training to train.h. The C library has the name `dmlcsr` for its handle, so the namespace cannot.
 */
#ifndef DMLCSR_HPP
#define DMLCSR_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "classes.h"
#include "dmlcsr.h"

namespace dmlcsr_cpp {

// ---- the numbers of dmlcsr.h and classes.h, whose comments say what they mean ----

enum class Status : int {
    ok = DMLCSR_OK,
    argument = DMLCSR_ERROR_ARGUMENT,
    structure = DMLCSR_ERROR_STRUCT,
    memory = DMLCSR_ERROR_MEMORY,
    limit = DMLCSR_ERROR_LIMIT,
    io = DMLCSR_ERROR_IO,
    format = DMLCSR_ERROR_FORMAT,
    unsupported = DMLCSR_ERROR_UNSUPPORTED,
    model = DMLCSR_ERROR_MODEL,
    isa = DMLCSR_ERROR_ISA,
    thread = DMLCSR_ERROR_THREAD,
    cancelled = DMLCSR_ERROR_CANCELLED,
    no_edges = DMLCSR_ERROR_NO_EDGES,
    no_model = DMLCSR_ERROR_NO_MODEL,
    diverged = DMLCSR_ERROR_DIVERGED,
    comm = DMLCSR_ERROR_COMM
};

enum class Format : int {
    rgb8 = DMLCSR_RGB8,
    bgr8 = DMLCSR_BGR8,
    rgba8 = DMLCSR_RGBA8,
    bgra8 = DMLCSR_BGRA8,
    gray8 = DMLCSR_GRAY8,
    nv12 = DMLCSR_NV12
};

enum class Isa : int {
    automatic = DMLCSR_ISA_AUTO,
    c = DMLCSR_ISA_C,
    sse41 = DMLCSR_ISA_SSE41,
    avx2 = DMLCSR_ISA_AVX2,
    avx512 = DMLCSR_ISA_AVX512,
    neon = DMLCSR_ISA_NEON
};

enum class Precision : int {
    automatic = DMLCSR_PRECISION_AUTO,
    fp32 = DMLCSR_PRECISION_FP32,
    bf16 = DMLCSR_PRECISION_BF16,
    int8 = DMLCSR_PRECISION_INT8
};

enum class Geometry : int { fine = DMLCSR_GEOMETRY_FINE, compatible = DMLCSR_GEOMETRY_COMPATIBLE };
enum class Log : int { error = DMLCSR_LOG_ERROR, warning = DMLCSR_LOG_WARNING, info = DMLCSR_LOG_INFO };
enum class Flags : unsigned { none = 0, compose = DMLCSR_COMPOSE };
enum class Storage : int { f32 = DMLCSR_F32, f16 = DMLCSR_F16, bf16 = DMLCSR_BF16, i8 = DMLCSR_I8 };

enum class Scheme : int {
    own = DMLCSR_SCHEME_OWN,
    celebamask_hq = DMLCSR_SCHEME_CELEBAMASK_HQ,
    lapa = DMLCSR_SCHEME_LAPA,
    helen = DMLCSR_SCHEME_HELEN,
    face_parsing_pytorch = DMLCSR_SCHEME_FACE_PARSING_PYTORCH,
    facer_celebm = DMLCSR_SCHEME_FACER_CELEBM,
    facer_lapa = DMLCSR_SCHEME_FACER_LAPA,
    segformer = DMLCSR_SCHEME_SEGFORMER,
    merged_11 = DMLCSR_SCHEME_MERGED_11,
    merged_8 = DMLCSR_SCHEME_MERGED_8
};

enum class Side : int {
    unknown = DMLCSR_SIDE_UNKNOWN,
    subject = DMLCSR_SIDE_SUBJECT,
    picture = DMLCSR_SIDE_PICTURE,
    none = DMLCSR_SIDE_NONE
};

// ---- errors ----

/** What value() throws: the library's sentence, and its code. */
class Error : public std::runtime_error {
public:
    Error(Status status, const std::string &message) : std::runtime_error(message), status_(status) {}
    Status status() const noexcept { return status_; }

private:
    Status status_;
};

/** A value, or why there is none. */
template <class T> class [[nodiscard]] Result {
public:
    Result(T value) : value_(std::move(value)) {}
    Result(Status status, std::string message) : status_(status), message_(std::move(message)) {}

    bool ok() const noexcept { return status_ == Status::ok; }
    explicit operator bool() const noexcept { return ok(); }
    Status status() const noexcept { return status_; }
    const std::string &message() const noexcept { return message_; }

    T &value() &
    {
        check();
        return *value_;
    }
    const T &value() const &
    {
        check();
        return *value_;
    }
    T value() &&
    {
        check();
        return std::move(*value_);
    }

private:
    void check() const
    {
        if (ok())
            return;
#ifdef __cpp_exceptions
        throw Error(status_, message_);
#else
        std::abort();
#endif
    }
    Status status_ = Status::ok;
    std::string message_;
    std::optional<T> value_;
};

/** The value of what only succeeds or fails. */
struct Done {};

// ---- what goes in and comes out ----

/** Elements side by side that someone else owns, such as those of a vector or an array. */
template <class T> class Span {
public:
    constexpr Span() noexcept = default;
    constexpr Span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <class C, class = std::enable_if_t<std::is_convertible_v<decltype(std::data(std::declval<C &>())), T *>>>
    constexpr Span(C &elements) noexcept : data_(std::data(elements)), size_(std::size(elements)) {}

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

/** Rows of T to be written; stride is the number of elements from one to the next, 0: the picture's width. */
template <class T> struct Rows {
    Rows() = default;
    Rows(Span<T> elements, std::size_t row_stride = 0) : data(elements), stride(row_stride) {}
    template <class C, class = std::enable_if_t<std::is_constructible_v<Span<T>, C &>>>
    Rows(C &elements) : data(elements) {}

    Span<T> data;
    std::size_t stride = 0;
};

/** A picture; stride in bytes, 0: rows without padding. */
struct Image {
    Span<const std::uint8_t> pixels;
    std::uint32_t width = 0, height = 0;
    Format format = Format::rgb8;
    std::size_t stride = 0;
};

/** Where a face is: see dmlcsr_region. */
struct Region {
    float center_x = 0, center_y = 0, size = 0, rotation = 0, context = 0;
};

/** A face that was found: see dmlcsr_face. */
struct Face {
    float center_x = 0, center_y = 0, size = 0, rotation = 0;
    float left = 0, top = 0, right = 0, bottom = 0; /**< edges of the box around skin, eyes, nose and mouth */
    float confidence = 0;

    /** Where to parse it. */
    Region region() const noexcept { return {center_x, center_y, size, rotation, 0}; }
};

/** What to look for: see dmlcsr_find_options. */
struct FindOptions {
    float smallest = 0, threshold = 0;
    std::uint32_t most = 0;
};

/** What is wanted: every output that has elements. See dmlcsr_result. */
struct Outputs {
    Rows<std::uint8_t> labels;
    Rows<float> probabilities;
    Rows<std::uint8_t> probabilities8;
    Rows<std::uint8_t> matte;
    std::uint64_t matte_classes = 0; /**< bit k set: class k is in the matte */
    Rows<float> binary_edge;
    Rows<std::uint8_t> category_edge;
    Flags flags = Flags::none;
};

/** See dmlcsr_options. The functions run on the thread that called, must not throw, and serve clones, too. */
struct Options {
    std::uint32_t threads = 0;
    Isa isa = Isa::automatic;
    std::uint32_t input_size = 0;
    Geometry geometry = Geometry::fine;
    bool keep_edges = false;
    Precision precision = Precision::automatic;
    bool pack = false;
    std::size_t memory_limit = 0;
    std::function<bool(std::uint32_t done, std::uint32_t total)> progress; /**< false: cancel */
    std::function<void(Log level, const char *message)> log;
};

/** An id for each of 256 ids, as remap() in mask.hpp takes it. */
using Table = std::array<std::uint8_t, 256>;

/** Bytes that a parser holds: see dmlcsr_memory(). */
struct Memory {
    std::size_t weights = 0; /**< shared among clones */
    std::size_t scratch = 0;
};

/** What the bare network says: planes of height x width logits. */
struct Logits {
    std::uint32_t height = 0, width = 0;
    std::vector<float> parsing;       /**< a plane per class */
    std::vector<float> binary_edge;   /**< two planes, or nothing without edge heads */
    std::vector<float> category_edge; /**< a plane per class, or nothing without edge heads */
};

namespace detail {

/** The last sentence that the library logged on this thread: where dmlcsr_clone() leaves its reason. */
inline std::string &last_log()
{
    static thread_local std::string text;
    return text;
}

/** Called from C, so nothing may be thrown through. */
inline int on_progress(void *opaque, std::uint32_t done, std::uint32_t total) noexcept
{
    const auto *options = static_cast<const Options *>(opaque);
    return options->progress(done, total) ? 0 : 1;
}

inline void on_log(void *opaque, int level, const char *message) noexcept
{
    const auto *options = static_cast<const Options *>(opaque);
    last_log() = message;
    if (options->log)
        options->log(static_cast<Log>(level), message);
}

/** Do `rows` rows of `row` elements, `stride` apart, fit into `size` elements? Nothing here can overflow. */
inline bool fits(std::size_t size, std::size_t stride, std::uint64_t rows, std::uint64_t row) noexcept
{
    if (row > size)
        return false;
    return rows < 2 || (stride ? stride : row) <= (size - row) / (rows - 1);
}

inline bool fits(const Image &image) noexcept
{
    std::uint64_t row = image.width, rows = image.height;
    switch (image.format) {
    case Format::rgb8:
    case Format::bgr8: row *= 3; break;
    case Format::rgba8:
    case Format::bgra8: row *= 4; break;
    case Format::gray8: break;
    case Format::nv12:
        row += row % 2;
        rows += (rows + 1) / 2;
        break;
    }
    return fits(image.pixels.size(), image.stride, rows, row);
}

inline std::size_t default_stride(const Image &image) noexcept
{
    const std::size_t width = image.width;
    switch (image.format) {
    case Format::rgb8:
    case Format::bgr8: return 3 * width;
    case Format::rgba8:
    case Format::bgra8: return 4 * width;
    case Format::nv12: return width + width % 2;
    case Format::gray8: break;
    }
    return width;
}

/** For C, after fits(). */
inline dmlcsr_image raw(const Image &image) noexcept
{
    return {image.pixels.data(), image.width, image.height, image.stride ? image.stride : default_stride(image),
            static_cast<int>(image.format)};
}

inline dmlcsr_region raw(const Region &region) noexcept
{
    dmlcsr_region c;
    dmlcsr_region_init(&c);
    c.center_x = region.center_x;
    c.center_y = region.center_y;
    c.size = region.size;
    c.rotation = region.rotation;
    c.context = region.context;
    return c;
}

inline Result<Table> checked(const Table &table, int status, const char *why)
{
    if (status == DMLCSR_OK)
        return table;
    return {static_cast<Status>(status), why};
}

constexpr const char *no_table = "there is no such scheme, side or id, or whose left it is in the source is not known";
constexpr std::size_t most_faces = 1000; // in one picture, as dmlcsr_find_options says
constexpr const char *moved_away = "this parser was moved away: it has no model any more";
constexpr const char *few_pixels = "the pixels are fewer than the picture's size says";

} // namespace detail

/** A model with its scratch memory and threads; can be moved, and copied by clone() alone. */
class Parser {
public:
    /** From a file; nullptr: the default model. */
    static Result<Parser> open(const char *model = nullptr, const Options &options = {})
    {
        return create(options, [&](dmlcsr **out, const dmlcsr_options *c) { return dmlcsr_create(out, model, c); });
    }

    /** From a model file's bytes, which are needed only during the call. */
    static Result<Parser> load(Span<const std::uint8_t> model, const Options &options = {})
    {
        return create(options, [&](dmlcsr **out, const dmlcsr_options *c) {
            return dmlcsr_create_from_memory(out, model.data(), model.size(), c);
        });
    }

    /** The same weights with scratch memory of its own, for another thread. This one may be at work meanwhile. */
    Result<Parser> clone() const
    {
        dmlcsr *handle = nullptr;
        detail::last_log().clear();
        const int status = dmlcsr_clone(&handle, handle_.get());
        if (status == DMLCSR_OK)
            return Parser(handle, options_);
        const std::string &said = detail::last_log();
        return {static_cast<Status>(status), said.empty() ? why(status) : said};
    }

    /** Class ids, height rows of width. Without a region, the picture is framed about as a portrait is. */
    Result<std::vector<std::uint8_t>> parse(const Image &image, const std::optional<Region> &region = {})
    {
        return one_map(image, region, 0);
    }

    /** How much each pixel belongs to a set of classes (bit k: class k), 0 to 255. */
    Result<std::vector<std::uint8_t>> matte(const Image &image, std::uint64_t classes,
                                            const std::optional<Region> &region = {})
    {
        if (!classes)
            return {Status::argument, "the matte has no classes"};
        return one_map(image, region, classes);
    }

    /** All that is asked for, written where `wanted` says. */
    Result<Done> run(const Image &image, const Outputs &wanted, const std::optional<Region> &region = {})
    {
        dmlcsr_result result;
        dmlcsr_result_init(&result);
        result.flags = static_cast<std::uint32_t>(wanted.flags);
        result.matte_classes = wanted.matte_classes;
        const char *small = nullptr;
        if (!detail::fits(image))
            small = detail::few_pixels;
        const auto place = [&](const char *name, const auto &rows, std::uint64_t planes, auto **pointer,
                               std::size_t *stride) {
            if (!rows.data.size())
                return;
            if (!detail::fits(rows.data.size(), rows.stride, planes * image.height, image.width))
                small = name;
            *pointer = rows.data.data();
            *stride = rows.stride;
        };
        const std::uint64_t count = class_count();
        place("labels: too few elements", wanted.labels, 1, &result.labels, &result.labels_stride);
        place("probabilities: too few elements", wanted.probabilities, count, &result.probabilities,
              &result.probabilities_stride);
        place("probabilities8: too few elements", wanted.probabilities8, count, &result.probabilities8,
              &result.probabilities8_stride);
        place("matte: too few elements", wanted.matte, 1, &result.matte, &result.matte_stride);
        place("binary_edge: too few elements", wanted.binary_edge, 1, &result.binary_edge, &result.binary_edge_stride);
        place("category_edge: too few elements", wanted.category_edge, 1, &result.category_edge,
              &result.category_edge_stride);
        if (small)
            return {Status::argument, small};
        return call(image, region, result);
    }

    /** The faces in a whole picture, the largest first. */
    Result<std::vector<Face>> find_faces(const Image &image, const FindOptions &options = {})
    {
        if (!detail::fits(image))
            return {Status::argument, detail::few_pixels};
        const dmlcsr_image picture = detail::raw(image);
        dmlcsr_find_options c;
        dmlcsr_find_options_init(&c);
        c.smallest = options.smallest;
        c.threshold = options.threshold;
        c.most = options.most;
        std::vector<dmlcsr_face> found(detail::most_faces);
        std::size_t count = 0;
        const int status = dmlcsr_find_faces(handle_.get(), &picture, &c, found.data(), found.size(), &count);
        if (status != DMLCSR_OK)
            return {static_cast<Status>(status), why(status)};
        found.resize(std::min(count, found.size()));
        std::vector<Face> faces;
        for (const dmlcsr_face &f : found)
            faces.push_back({f.center_x, f.center_y, f.size, f.rotation, f.left, f.top, f.right, f.bottom,
                             f.confidence});
        return faces;
    }

    /**
     * Class ids of all faces in one map, the smaller ones on top: of those given, or of what find_faces() finds.
     * They are parsed as dmlcsr_parse_many() does it, so Options::progress counts faces.
     */
    Result<std::vector<std::uint8_t>> parse_faces(const Image &image, const std::optional<Span<const Face>> &faces = {})
    {
        if (!detail::fits(image))
            return {Status::argument, detail::few_pixels};
        std::vector<Face> order;
        if (faces) {
            order.assign(faces->data(), faces->data() + faces->size());
        } else {
            auto found = find_faces(image);
            if (!found)
                return {found.status(), found.message()};
            order = std::move(found).value();
        }
        for (const Face &face : order)
            if (!(face.size > 0)) // what is no number cannot be sorted
                return {Status::argument, "a face has no size"};
        std::stable_sort(order.begin(), order.end(), [](const Face &a, const Face &b) { return a.size > b.size; });
        return compose(image, order);
    }

    /** The bare network on 3 x height x width normalised values. */
    Result<Logits> forward(Span<const float> input, std::uint32_t height, std::uint32_t width)
    {
        Logits out;
        const int status = dmlcsr_forward_size(handle_.get(), height, width, &out.height, &out.width);
        if (status != DMLCSR_OK && handle_)
            return {static_cast<Status>(status), "input of " + std::to_string(width) + " x " + std::to_string(height) +
                                                     ": both sides must be 17 to 4097"};
        if (status != DMLCSR_OK)
            return {static_cast<Status>(status), why(status)};
        if (input.size() != std::size_t{3} * height * width)
            return {Status::argument, "the input is not 3 x height x width"};
        const std::size_t plane = std::size_t{out.height} * out.width;
        out.parsing.resize(plane * class_count());
        if (has_edges()) {
            out.binary_edge.resize(plane * 2);
            out.category_edge.resize(plane * class_count());
        }
        const int done = dmlcsr_forward(handle_.get(), input.data(), height, width, out.parsing.data(),
                                        has_edges() ? out.binary_edge.data() : nullptr,
                                        has_edges() ? out.category_edge.data() : nullptr);
        if (done != DMLCSR_OK)
            return {static_cast<Status>(done), why(done)};
        return out;
    }

    std::uint32_t class_count() const noexcept { return dmlcsr_class_count(handle_.get()); }
    const char *class_name(std::uint32_t label) const noexcept { return dmlcsr_class_name(handle_.get(), label); }
    int class_find(const char *name) const noexcept { return dmlcsr_class_find(handle_.get(), name); }
    std::uint32_t class_color(std::uint32_t label) const noexcept { return dmlcsr_class_color(handle_.get(), label); }
    const char *side() const noexcept { return dmlcsr_side(handle_.get()); }

    /** A table from the classes of this model to those of a scheme: see dmlcsr_class_map(). */
    Result<Table> class_map(Scheme to, Side side = Side::unknown, std::uint8_t other = 0) const
    {
        Table table{};
        const int status = dmlcsr_class_map(handle_.get(), static_cast<int>(to), static_cast<int>(side), other,
                                            table.data());
        return detail::checked(table, status, handle_ ? detail::no_table : detail::moved_away);
    }

    /** A table that swaps left and right: for the labels of a mirrored picture. */
    Table class_mirror() const
    {
        Table table{};
        dmlcsr_class_mirror(handle_.get(), table.data());
        return table;
    }

    const char *metadata(const char *key) const noexcept { return dmlcsr_metadata(handle_.get(), key); }
    std::uint32_t input_size() const noexcept { return dmlcsr_input_size(handle_.get()); }
    bool has_edges() const noexcept { return dmlcsr_has_edges(handle_.get()) != 0; }
    std::uint32_t threads() const noexcept { return dmlcsr_threads(handle_.get()); }
    const char *isa() const noexcept { return dmlcsr_isa(handle_.get()); }
    const char *precision() const noexcept { return dmlcsr_precision(handle_.get()); }

    Memory memory() const noexcept
    {
        Memory bytes;
        dmlcsr_memory(handle_.get(), &bytes.weights, &bytes.scratch);
        return bytes;
    }

    /** For what is not wrapped here. Still owned by this object. */
    dmlcsr *get() const noexcept { return handle_.get(); }

private:
    struct Free {
        void operator()(dmlcsr *handle) const noexcept { dmlcsr_free(handle); }
    };

    /** What there is to say of a failure: the library's sentence, if it has one. */
    std::string why(int status) const
    {
        if (!handle_)
            return detail::moved_away;
        const char *said = dmlcsr_last_error(handle_.get());
        return *said ? said : dmlcsr_strerror(status);
    }

    Parser(dmlcsr *handle, std::shared_ptr<Options> options) : options_(std::move(options)), handle_(handle) {}

    template <class Make> static Result<Parser> create(const Options &given, const Make &make)
    {
        auto kept = std::make_shared<Options>(given);
        std::array<char, 512> error{};
        dmlcsr_options c;
        dmlcsr_options_init(&c);
        c.threads = given.threads;
        c.isa = static_cast<int>(given.isa);
        c.precision = static_cast<int>(given.precision);
        c.input_size = given.input_size;
        c.geometry = static_cast<int>(given.geometry);
        c.keep_edges = given.keep_edges;
        c.pack = given.pack;
        c.memory_limit = given.memory_limit;
        c.log = detail::on_log;
        c.progress = given.progress ? detail::on_progress : nullptr;
        c.opaque = kept.get();
        c.error = error.data();
        c.error_size = error.size();
        dmlcsr *handle = nullptr;
        const int status = make(&handle, &c);
        if (status != DMLCSR_OK)
            return {static_cast<Status>(status), error[0] ? error.data() : dmlcsr_strerror(status)};
        return Parser(handle, std::move(kept));
    }

    Result<std::vector<std::uint8_t>> one_map(const Image &image, const std::optional<Region> &region,
                                              std::uint64_t classes)
    {
        // A size that the picture cannot have is not worth the memory for its map.
        if (!detail::fits(image))
            return {Status::argument, detail::few_pixels};
        std::vector<std::uint8_t> map(std::size_t{image.width} * image.height);
        Outputs wanted;
        (classes ? wanted.matte : wanted.labels) = map;
        wanted.matte_classes = classes;
        auto done = run(image, wanted, region);
        if (!done)
            return {done.status(), done.message()};
        return map;
    }

    /** One after the other on top of each other. */
    Result<std::vector<std::uint8_t>> compose(const Image &image, const std::vector<Face> &faces)
    {
        std::vector<std::uint8_t> labels(std::size_t{image.width} * image.height);
        const dmlcsr_image picture = detail::raw(image);
        dmlcsr_result result;
        dmlcsr_result_init(&result);
        result.flags = DMLCSR_COMPOSE;
        result.labels = labels.data();
        std::vector<dmlcsr_region> regions(faces.size());
        std::vector<dmlcsr_job> jobs(faces.size());
        for (std::size_t i = 0; i < faces.size(); i++) {
            regions[i] = detail::raw(faces[i].region());
            jobs[i] = {&picture, &regions[i], &result, 0, 0};
        }
        const int status = dmlcsr_parse_many(handle_.get(), jobs.data(), jobs.size());
        if (status != DMLCSR_OK)
            return {static_cast<Status>(status), why(status)};
        return labels;
    }

    Result<Done> call(const Image &image, const std::optional<Region> &region, dmlcsr_result &result)
    {
        const dmlcsr_image picture = detail::raw(image);
        const dmlcsr_region where = detail::raw(region.value_or(Region{}));
        const int status = dmlcsr_parse_region(handle_.get(), &picture, region ? &where : nullptr, &result);
        if (status == DMLCSR_OK)
            return Done{};
        return {static_cast<Status>(status), why(status)};
    }

    // The handle goes first: its callbacks look into the options.
    std::shared_ptr<Options> options_;
    std::unique_ptr<dmlcsr, Free> handle_;
};

/** dmlcsr_version(): that of the library which is running, as DMLCSR_VERSION. */
inline std::uint32_t version() noexcept { return dmlcsr_version(); }

/** Can this build and this machine run the instruction set? */
inline bool isa_available(Isa isa) noexcept { return dmlcsr_isa_available(static_cast<int>(isa)) != 0; }

/** The instruction set of that name, such as "avx2". */
inline std::optional<Isa> isa_find(const char *name) noexcept
{
    const int number = dmlcsr_isa_find(name);
    return number < 0 ? std::nullopt : std::optional<Isa>(static_cast<Isa>(number));
}

/** The precision of that name, such as "bf16". */
inline std::optional<Precision> precision_find(const char *name) noexcept
{
    const int number = dmlcsr_precision_find(name);
    return number < 0 ? std::nullopt : std::optional<Precision>(static_cast<Precision>(number));
}

/** dmlcsr_model_path(). */
inline const char *model_path(const char *name) noexcept { return dmlcsr_model_path(name); }

// ---- class lists: see classes.h ----

inline std::uint32_t scheme_count() noexcept { return dmlcsr_scheme_count(); }
inline const char *scheme_name(Scheme scheme) noexcept { return dmlcsr_scheme_name(static_cast<int>(scheme)); }
inline Side scheme_side(Scheme scheme) noexcept
{
    return static_cast<Side>(dmlcsr_scheme_side(static_cast<int>(scheme)));
}
inline std::uint32_t scheme_class_count(Scheme scheme) noexcept
{
    return dmlcsr_scheme_class_count(static_cast<int>(scheme));
}
inline const char *scheme_class_name(Scheme scheme, std::uint32_t label) noexcept
{
    return dmlcsr_scheme_class_name(static_cast<int>(scheme), label);
}
inline std::uint32_t scheme_class_color(Scheme scheme, std::uint32_t label) noexcept
{
    return dmlcsr_scheme_class_color(static_cast<int>(scheme), label);
}

/** The scheme of that name, such as "lapa". */
inline std::optional<Scheme> scheme_find(const char *name) noexcept
{
    const int number = dmlcsr_scheme_find(name);
    return number < 0 ? std::nullopt : std::optional<Scheme>(static_cast<Scheme>(number)); // -1 is Scheme::own, too
}

/** A table from the ids of one scheme to those of another: see dmlcsr_scheme_map(). */
inline Result<Table> scheme_map(Scheme from, Scheme to, Side side = Side::unknown, std::uint8_t other = 0)
{
    Table table{};
    const int status = dmlcsr_scheme_map(static_cast<int>(from), static_cast<int>(to), static_cast<int>(side), other,
                                         table.data());
    return detail::checked(table, status, detail::no_table);
}

/** A table that swaps left and right: for the labels of a mirrored picture. */
inline Result<Table> scheme_mirror(Scheme scheme)
{
    Table table{};
    const int status = dmlcsr_scheme_mirror(static_cast<int>(scheme), table.data());
    return detail::checked(table, status, "there is no such scheme");
}

} // namespace dmlcsr_cpp

#endif
