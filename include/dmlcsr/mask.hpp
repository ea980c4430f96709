/**
 * @file mask.hpp
 * mask.h for C++17: what is done with a label map once it is there.
 *
 *     const dmlcsr_cpp::Mask labels{map, width, height};
 *     auto lips = dmlcsr_cpp::select(labels, 1 << 11 | 1 << 12).value();         // std::vector<std::uint8_t>
 *     dmlcsr_cpp::feather({lips, width, height}, 4, lips).value();               // in place
 *
 * Each function comes twice: one returns a new vector of height rows of width, one writes into the caller's rows, which
 * may be the input itself (the same pixels and stride). Scratch memory is taken for the time of the call.
 */
#ifndef DMLCSR_MASK_HPP
#define DMLCSR_MASK_HPP

#include <cstdio>
#include <limits>

#include "dmlcsr.hpp"
#include "mask.h"

namespace dmlcsr_cpp {

/** A label map or a mask, one byte per pixel; stride in bytes, 0: the width. */
struct Mask {
    Span<const std::uint8_t> pixels;
    std::uint32_t width = 0, height = 0;
    std::size_t stride = 0;
};

namespace detail {

/** Checks sizes, and calls the library with two planes. */
template <class Call> Result<Done> apply(const Mask &in, const Rows<std::uint8_t> &out, const Call &call)
{
    if (!fits(in.pixels.size(), in.stride, in.height, in.width))
        return {Status::argument, few_pixels};
    if (!fits(out.data.size(), out.stride, in.height, in.width))
        return {Status::argument, "the output has too few elements"};
    // An input is only read.
    const dmlcsr_plane from = {const_cast<std::uint8_t *>(in.pixels.data()), in.width, in.height, in.stride};
    const dmlcsr_plane to = {out.data.data(), in.width, in.height, out.stride};
    const int status = call(from, to);
    if (status == DMLCSR_OK)
        return Done{};
    return {static_cast<Status>(status), dmlcsr_strerror(status)};
}

using Measured = int (*)(const dmlcsr_plane *, float, void *, std::size_t, const dmlcsr_plane *);

/** The same with scratch memory, for a function that looks `reach` pixels far. */
inline Result<Done> measure(const char *name, const Mask &in, float reach, const Rows<std::uint8_t> &out,
                            Measured library)
{
    if (!(reach >= 0 && reach <= std::numeric_limits<float>::max())) {
        std::array<char, 100> why{};
        std::snprintf(why.data(), why.size(), "%s is %g, must be 0 or above, and finite", name, double{reach});
        return {Status::argument, why.data()};
    }
    return apply(in, out, [&](const dmlcsr_plane &from, const dmlcsr_plane &to) {
        const std::size_t size = dmlcsr_mask_scratch(in.width, in.height);
        const std::unique_ptr<std::uint64_t[]> scratch(new std::uint64_t[(size + 7) / 8]);
        return library(&from, reach, scratch.get(), size, &to);
    });
}

/** `call` writes into a new vector. */
template <class Call> Result<std::vector<std::uint8_t>> into_vector(const Mask &in, const Call &call)
{
    if (!fits(in.pixels.size(), in.stride, in.height, in.width))
        return {Status::argument, few_pixels};
    std::vector<std::uint8_t> out(std::size_t{in.width} * in.height);
    const Result<Done> done = call(Rows<std::uint8_t>(out));
    if (!done)
        return {done.status(), done.message()};
    return out;
}

} // namespace detail

/** Every label replaced by its entry in a table, such as Parser::class_map() makes. */
inline Result<Done> remap(const Mask &labels, const Table &table, const Rows<std::uint8_t> &out)
{
    return detail::apply(labels, out, [&](const dmlcsr_plane &from, const dmlcsr_plane &to) {
        return dmlcsr_remap(&from, table.data(), &to);
    });
}
inline Result<std::vector<std::uint8_t>> remap(const Mask &labels, const Table &table)
{
    return detail::into_vector(labels, [&](const auto &out) { return remap(labels, table, out); });
}

/** 255 where the label is one of the classes (bit k: class k), 0 elsewhere. */
inline Result<Done> select(const Mask &labels, std::uint64_t classes, const Rows<std::uint8_t> &out)
{
    return detail::apply(labels, out, [&](const dmlcsr_plane &from, const dmlcsr_plane &to) {
        return dmlcsr_mask_select(&from, classes, &to);
    });
}
inline Result<std::vector<std::uint8_t>> select(const Mask &labels, std::uint64_t classes)
{
    return detail::into_vector(labels, [&](const auto &out) { return select(labels, classes, out); });
}

/** 255 where a pixel that is on (from 128) lies within `radius` pixels. */
inline Result<Done> grow(const Mask &mask, float radius, const Rows<std::uint8_t> &out)
{
    return detail::measure("radius", mask, radius, out, dmlcsr_mask_grow);
}
inline Result<std::vector<std::uint8_t>> grow(const Mask &mask, float radius)
{
    return detail::into_vector(mask, [&](const auto &out) { return grow(mask, radius, out); });
}

/** 255 where no pixel that is off lies within `radius` pixels. */
inline Result<Done> shrink(const Mask &mask, float radius, const Rows<std::uint8_t> &out)
{
    return detail::measure("radius", mask, radius, out, dmlcsr_mask_shrink);
}
inline Result<std::vector<std::uint8_t>> shrink(const Mask &mask, float radius)
{
    return detail::into_vector(mask, [&](const auto &out) { return shrink(mask, radius, out); });
}

/** A soft edge: from 0 to 255 within `width` pixels, half of them on each side. */
inline Result<Done> feather(const Mask &mask, float width, const Rows<std::uint8_t> &out)
{
    return detail::measure("width", mask, width, out, dmlcsr_mask_feather);
}
inline Result<std::vector<std::uint8_t>> feather(const Mask &mask, float width)
{
    return detail::into_vector(mask, [&](const auto &out) { return feather(mask, width, out); });
}

/** A soft matte as it is at its edge, fully on or off from band / 2 pixels away: without haze and holes. */
inline Result<Done> clean(const Mask &matte, float band, const Rows<std::uint8_t> &out)
{
    return detail::measure("band", matte, band, out, dmlcsr_mask_clean);
}
inline Result<std::vector<std::uint8_t>> clean(const Mask &matte, float band)
{
    return detail::into_vector(matte, [&](const auto &out) { return clean(matte, band, out); });
}

} // namespace dmlcsr_cpp

#endif
