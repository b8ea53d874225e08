#include "ops/image/resize.h"

#include <cstring>

#include "backends/cpu/families.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/prepare.h"
#include "backends/cpu/vector_math.h"
#include "base/threads.h"

namespace temper::cpu {
namespace {

/// A pixel of an output row: the elements at which the two pixels around it begin, and how far it is from the first.
struct Column {
  std::int32_t left, right;
  float lerp;
};

struct RowShape {
  std::int64_t channels = 0;
  std::int64_t elements = 0;  ///< of an input row
};

using Four = float __attribute__((vector_size(16)));

TEMPER_INLINE Four load_four(const float* from) {
  Four all;
  std::memcpy(&all, from, sizeof all);
  return all;
}

TEMPER_INLINE float between(float left, float right, float lerp) { return left + (right - left) * lerp; }

/// Pixels of up to 4 channels are taken 4 elements at a time: what is read and written too far is the next pixel's. The last
/// pixel of the input has none behind it.
TEMPER_INLINE void narrow_pixels(const float* row, const RowShape& shape, std::span<const Column> columns, float* out) {
  for (const Column& column : columns) {
    if (column.left + 4 <= shape.elements && column.right + 4 <= shape.elements) {
      const Four left = load_four(row + column.left);
      const Four right = load_four(row + column.right);
      const Four y = left + (right - left) * column.lerp;
      std::memcpy(out, &y, sizeof y);
    } else {
      for (std::int64_t c = 0; c < shape.channels; ++c) out[c] = between(row[column.left + c], row[column.right + c], column.lerp);
    }
    out += shape.channels;
  }
}

TEMPER_INLINE void wide_pixels(const float* row, const RowShape& shape, std::span<const Column> columns, float* out) {
  for (const Column& column : columns) {
    const float* const left = row + column.left;
    const float* const right = row + column.right;
    _Pragma("GCC ivdep") for (std::int64_t c = 0; c < shape.channels; ++c) out[c] = between(left[c], right[c], column.lerp);
    out += shape.channels;
  }
}

TEMPER_FOR_EACH_ISA void interpolate_across(const float* row, const RowShape& shape, std::span<const Column> columns, float* __restrict out) {
  if (shape.channels == 1) {
    for (std::size_t i = 0; i < columns.size(); ++i) out[i] = between(row[columns[i].left], row[columns[i].right], columns[i].lerp);
  } else if (shape.channels <= 4) {
    narrow_pixels(row, shape, columns, out);
  } else {
    wide_pixels(row, shape, columns, out);
  }
}

TEMPER_FOR_EACH_ISA void to_floats(const std::uint8_t* from, std::int64_t count, float* __restrict to) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]);
}

TEMPER_FOR_EACH_ISA void down(const float* top, const float* bottom, float lerp, std::int64_t count, float* __restrict out) {
  for (std::int64_t i = 0; i < count; ++i) out[i] = top[i] + (bottom[i] - top[i]) * lerp;
}

/// Bilinear resizing: each input row that is needed is interpolated across once, and two such rows give an output row.
class BilinearKernel final : public Kernel {
 public:
  BilinearKernel(const ResizeGrid& grid, DType dtype, const Shape& from, const Shape& to)
      : dtype_(dtype), from_(from), to_(to), rows_(linear_taps(grid, from[1], to[1])) {
    for (const LinearTap& tap : linear_taps(grid, from[2], to[2])) {
      columns_.push_back({static_cast<std::int32_t>(tap.lower * from[3]), static_cast<std::int32_t>(tap.upper * from[3]), tap.lerp});
    }
  }

  std::string_view name() const override { return dtype_ == DType::kUInt8 ? "u8_resize_bilinear" : "f32_resize_bilinear"; }

  std::size_t workspace_bytes() const override { return static_cast<std::size_t>(thread_count() * scratch_elements()) * sizeof(float); }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte> workspace) const override {
    const std::int64_t rows = to_[0] * to_[1];
    const auto lines = reinterpret_cast<float*>(workspace.data());
    const std::int64_t room = static_cast<std::int64_t>(workspace.size() / sizeof(float)) / scratch_elements();
    const std::int64_t parts = std::clamp<std::int64_t>(rows * to_[2] * to_[3] / (1 << 16), 1, std::min(room, rows));
    parallel_for(parts, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t part = begin; part < end; ++part) {
        run_rows(in[0], out[0], rows * part / parts, rows * (part + 1) / parts, lines + part * scratch_elements());
      }
    });
  }

 private:
  /// Of an output row, with room for what is written too far.
  std::int64_t line_elements() const { return (to_[2] * to_[3] + 4 + 15) / 16 * 16; }
  /// Of a thread: two output rows and, of bytes, an input row as floats.
  std::int64_t scratch_elements() const { return 2 * line_elements() + (dtype_ == DType::kUInt8 ? (from_[2] * from_[3] + 15) / 16 * 16 : 0); }

  /// Output rows [first, last) of all pictures.
  void run_rows(const Tensor& in, Tensor& out, std::int64_t first, std::int64_t last, float* lines) const {
    const std::int64_t size = to_[2] * to_[3];
    std::array<float*, 2> line{lines, lines + line_elements()};
    std::array<std::int64_t, 2> held{-1, -1};  // the input row, of all pictures, in each line
    const auto hold = [&](std::size_t slot, std::int64_t row) {
      if (held[slot] == row) return;
      held[slot] = row;
      across(in, row, line[slot], lines + 2 * line_elements());
    };
    float* to = out.mutable_data<float>().data() + first * size;
    for (std::int64_t y = first; y < last; ++y, to += size) {
      const LinearTap& tap = rows_[static_cast<std::size_t>(y % to_[1])];
      const std::int64_t picture = y / to_[1] * from_[1];
      if (held[1] == picture + tap.lower) {
        std::swap(line[0], line[1]);
        std::swap(held[0], held[1]);
      }
      hold(0, picture + tap.lower);
      if (tap.upper != tap.lower) hold(1, picture + tap.upper);
      down(line[0], tap.upper == tap.lower ? line[0] : line[1], tap.lerp, size, to);
    }
  }

  void across(const Tensor& in, std::int64_t row, float* line, float* floats) const {
    const RowShape shape{from_[3], from_[2] * from_[3]};
    const float* from = floats;
    if (dtype_ == DType::kUInt8) to_floats(in.data<std::uint8_t>().data() + row * shape.elements, shape.elements, floats);
    else from = in.data<float>().data() + row * shape.elements;
    interpolate_across(from, shape, columns_, line);
  }

  DType dtype_;
  Shape from_, to_;
  std::vector<LinearTap> rows_;
  std::vector<Column> columns_;
};

/// The nearest pixels, as bytes; output rows from one input row are copied.
class NearestKernel final : public Kernel {
 public:
  NearestKernel(const ResizeGrid& grid, std::size_t element_bytes, const Shape& from, const Shape& to)
      : name_(fmt::format("b{}_resize_nearest", 8 * element_bytes)), from_(from), to_(to),
        pixel_(static_cast<std::size_t>(from[3]) * element_bytes), rows_(nearest_pixels(grid, from[1], to[1])),
        columns_(nearest_pixels(grid, from[2], to[2])) {}

  std::string_view name() const override { return name_; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    const std::size_t in_row = static_cast<std::size_t>(from_[2]) * pixel_;
    const std::size_t out_row = static_cast<std::size_t>(to_[2]) * pixel_;
    const std::int64_t grain = (1 << 17) / static_cast<std::int64_t>(out_row + 1) + 1;
    parallel_for(to_[0] * to_[1], grain, [&](std::int64_t first, std::int64_t last) {
      std::byte* to = out[0].mutable_bytes().data() + static_cast<std::size_t>(first) * out_row;
      std::int64_t held = -1;
      for (std::int64_t y = first; y < last; ++y, to += out_row) {
        const std::int64_t row = y / to_[1] * from_[1] + rows_[static_cast<std::size_t>(y % to_[1])];
        if (row == held) std::memcpy(to, to - out_row, out_row);
        else copy_row(in[0].bytes().data() + static_cast<std::size_t>(row) * in_row, to);
        held = row;
      }
    });
  }

 private:
  void copy_row(const std::byte* from, std::byte* to) const {
    switch (pixel_) {
      case 1: return copy_pixels<1>(from, to);
      case 3: return copy_pixels<3>(from, to);
      case 4: return copy_pixels<4>(from, to);
      case 12: return copy_pixels<12>(from, to);
      default: return copy_pixels<0>(from, to);
    }
  }

  template <std::size_t Bytes>
  void copy_pixels(const std::byte* from, std::byte* to) const {
    const std::size_t size = Bytes == 0 ? pixel_ : Bytes;
    for (const std::int64_t x : columns_) {
      std::memcpy(to, from + static_cast<std::size_t>(x) * size, size);
      to += size;
    }
  }

  std::string name_;
  Shape from_, to_;
  std::size_t pixel_;
  std::vector<std::int64_t> rows_, columns_;
};

}  // namespace

std::optional<Prepared> prepare_resize(const Node& node, std::span<const Fact> in) {
  const auto* bilinear = node.op.as<ResizeBilinear>();
  const auto* nearest = node.op.as<ResizeNearest>();
  if (bilinear == nullptr && nearest == nullptr) return std::nullopt;
  if (bilinear != nullptr && in[0].dtype != DType::kUInt8 && in[0].dtype != DType::kFloat32) return refuse_dtype(in[0].dtype);
  if (!in[1].constant) return Refusal{"the size is not known beforehand"};
  const Shape from = shape_of(in[0]);
  const Shape to = output_shapes(node, in)[0];
  if (from.elements() == 0 || to.elements() == 0) return Refusal{"there is nothing to compute"};
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  if (std::max(from[1], from[2]) > kMost / from[3] || std::max(to[1], to[2]) > kMost / from[3]) return Refusal{"the picture is too large"};
  const ResizeGrid& grid = bilinear != nullptr ? static_cast<const ResizeGrid&>(*bilinear) : *nearest;
  check_grid(grid);
  if (bilinear != nullptr) return std::make_unique<BilinearKernel>(grid, in[0].dtype, from, to);
  return std::make_unique<NearestKernel>(grid, size_of(in[0].dtype), from, to);
}

}  // namespace temper::cpu
