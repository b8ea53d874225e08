#include "backends/cpu/move.h"

#include <cstring>

#include "backends/cpu/isa.h"
#include "base/threads.h"

namespace temper::cpu {
namespace {

/// Bytes from which a second thread pays.
constexpr std::int64_t kGrain = 1 << 17;
/// Tiles of units that are turned at a time, so that lines of both sides stay in the cache.
constexpr std::int64_t kTile = 16;

/// `unit` is the size where Bytes is 0. A size that is known lets a copy be a load and a store.
template <std::size_t Bytes>
void copy_units(const std::byte* from, std::int64_t from_step, std::byte* to, std::int64_t to_step, std::int64_t count, std::size_t unit) {
  for (std::int64_t i = 0; i < count; ++i, from += from_step, to += to_step) std::memcpy(to, from, Bytes == 0 ? unit : Bytes);
}

using CopyUnits = decltype(&copy_units<0>);

CopyUnits copier(std::int64_t unit) {
  switch (unit) {
    case 1: return copy_units<1>;
    case 2: return copy_units<2>;
    case 4: return copy_units<4>;
    case 8: return copy_units<8>;
    case 12: return copy_units<12>;
    case 16: return copy_units<16>;
    case 32: return copy_units<32>;
    default: return copy_units<0>;
  }
}

using Four = std::int32_t __attribute__((vector_size(16)));

Four load_four(const std::byte* from) {
  Four all;
  std::memcpy(&all, from, sizeof all);
  return all;
}

/// Three elements of 4 bytes together become one in each of three rows, and the other way round.
TEMPER_FOR_EACH_ISA void part_threes(const std::byte* from, std::byte* to, std::int64_t to_step, std::int64_t count) {
  const auto* const x = reinterpret_cast<const std::uint32_t*>(from);
  auto* const a = reinterpret_cast<std::uint32_t*>(to);
  auto* const b = reinterpret_cast<std::uint32_t*>(to + to_step);
  auto* const c = reinterpret_cast<std::uint32_t*>(to + 2 * to_step);
  _Pragma("GCC ivdep") for (std::int64_t i = 0; i < count; ++i) {
    a[i] = x[3 * i];
    b[i] = x[3 * i + 1];
    c[i] = x[3 * i + 2];
  }
}
TEMPER_FOR_EACH_ISA void join_threes(const std::byte* from, std::int64_t from_step, std::byte* to, std::int64_t count) {
  const auto* const a = reinterpret_cast<const std::uint32_t*>(from);
  const auto* const b = reinterpret_cast<const std::uint32_t*>(from + from_step);
  const auto* const c = reinterpret_cast<const std::uint32_t*>(from + 2 * from_step);
  auto* const y = reinterpret_cast<std::uint32_t*>(to);
  _Pragma("GCC ivdep") for (std::int64_t i = 0; i < count; ++i) {
    y[3 * i] = a[i];
    y[3 * i + 1] = b[i];
    y[3 * i + 2] = c[i];
  }
}

void copy_bytes(const std::byte* from, std::byte* to, std::int64_t count) {
  parallel_for(count, kGrain, [&](std::int64_t begin, std::int64_t end) {
    std::memcpy(to + begin, from + begin, static_cast<std::size_t>(end - begin));
  });
}

}  // namespace

void repeat_unit(const std::byte* from, std::byte* to, std::int64_t unit, std::int64_t count) {
  if (unit == 1) return void(std::memset(to, std::to_integer<int>(*from), static_cast<std::size_t>(count)));
  std::memcpy(to, from, static_cast<std::size_t>(unit));
  constexpr std::int64_t kNear = 1 << 12;  // what is repeated stays in the cache
  for (std::int64_t done = unit, left = unit * (count - 1); left > 0;) {
    const std::int64_t size = std::min({done, left, std::max(kNear / unit * unit, unit)});
    std::memcpy(to + done, to, static_cast<std::size_t>(size));
    done += size;
    left -= size;
  }
}

/// In blocks of 4 x 4; where there is no multiple of 4, the last overlaps the one before.
void turn_fours(const std::byte* from, std::int64_t from_step, std::byte* to, std::int64_t to_step, std::int64_t width, std::int64_t height) {
  for (std::int64_t x = 0; x < width; x += 4) {
    const std::int64_t i = std::min(x, width - 4);
    for (std::int64_t y = 0; y < height; y += 4) {
      const std::int64_t k = std::min(y, height - 4);
      const std::byte* const source = from + i * from_step + 4 * k;
      const Four a = load_four(source);
      const Four b = load_four(source + from_step);
      const Four c = load_four(source + 2 * from_step);
      const Four d = load_four(source + 3 * from_step);
      const Four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
      const Four ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
      const Four cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
      const Four cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
      const Four rows[] = {__builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5), __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7),
                           __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5), __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)};
      for (std::int64_t row = 0; row < 4; ++row) std::memcpy(to + (k + row) * to_step + 4 * i, &rows[row], sizeof(Four));
    }
  }
}

Move::Move(std::size_t element_bytes, const View& from, const View& to) : unit_(static_cast<std::int64_t>(element_bytes)) {
  from_offset_ = from.offset * unit_;
  to_offset_ = to.offset * unit_;
  for (std::size_t axis = 0; axis < from.rank; ++axis) {
    invariant(from.dims[axis] == to.dims[axis], "views differ along dimension {}", axis);
    outer_.add(from.dims[axis], {from.strides[axis] * unit_, to.strides[axis] * unit_});
  }
  if (outer_.empty()) return;
  if (outer_.rank() > 0) {
    if (const Axis last = outer_[outer_.rank() - 1]; last.steps[0] == unit_ && last.steps[1] == unit_) unit_ *= outer_.take_last().dim;
  }
  inner_ = outer_.take_last();
  constexpr std::int64_t kLargestTurned = 16;
  if (inner_.steps[1] != unit_ || inner_.steps[0] == 0 || unit_ > kLargestTurned) return;
  for (std::size_t axis = 0; axis < outer_.rank(); ++axis) {
    if (outer_[axis].steps[0] != unit_) continue;
    outer_.move_to_back(axis);
    turned_ = outer_.take_last();
    is_turned_ = true;
    parts_threes_ = unit_ == 4 && turned_.dim == 3 && inner_.steps[0] == 12;
    joins_threes_ = unit_ == 4 && inner_.dim == 3 && turned_.steps[1] == 12;
    return;
  }
}

void Move::run(const std::byte* from, std::byte* to) const {
  from += from_offset_;
  to += to_offset_;
  if (outer_.empty()) return;
  if (one_run()) {
    if (from != to) copy_bytes(from, to, unit_);
  } else if (parts_threes_ || joins_threes_) {
    run_threes(from, to);
  } else if (is_turned_) {
    run_turned(from, to);
  } else {
    run_units(from, to);
  }
}

void Move::run_units(const std::byte* from, std::byte* to) const {
  const CopyUnits copy = copier(unit_);
  const bool repeats = inner_.steps[0] == 0 && inner_.steps[1] == unit_;
  const auto copy_row = [&](const auto& offset, std::int64_t first, std::int64_t last) {
    const std::byte* const source = from + offset[0] + first * inner_.steps[0];
    std::byte* const target = to + offset[1] + first * inner_.steps[1];
    if (repeats) repeat_unit(source, target, unit_, last - first);
    else copy(source, inner_.steps[0], target, inner_.steps[1], last - first, static_cast<std::size_t>(unit_));
  };
  const std::int64_t rows = outer_.positions();
  if (rows < 64) {  // too few to go round: each is cut
    parallel_for(inner_.dim, kGrain / (unit_ * rows) + 1, [&](std::int64_t first, std::int64_t last) {
      outer_.each(0, rows, [&](const auto& offset) { copy_row(offset, first, last); });
    });
  } else {
    parallel_for(rows, kGrain / (unit_ * inner_.dim) + 1, [&](std::int64_t begin, std::int64_t end) {
      outer_.each(begin, end, [&](const auto& offset) { copy_row(offset, 0, inner_.dim); });
    });
  }
}

void Move::run_turned(const std::byte* from, std::byte* to) const {
  const CopyUnits copy = copier(unit_);
  const bool in_fours = unit_ == 4 && turned_.dim >= 4 && inner_.dim >= 4;
  const std::int64_t bands = (turned_.dim + kTile - 1) / kTile;
  parallel_for(outer_.positions() * bands, kGrain / (kTile * inner_.dim * unit_) + 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t at = begin; at < end; ++at) {
      const std::int64_t first = at % bands * kTile;
      const std::int64_t height = std::min(kTile, turned_.dim - first);
      outer_.each(at / bands, at / bands + 1, [&](const auto& offset) {
        const std::byte* source = from + offset[0] + first * turned_.steps[0];
        std::byte* target = to + offset[1] + first * turned_.steps[1];
        for (std::int64_t i = 0; i < inner_.dim; i += kTile, source += kTile * inner_.steps[0], target += kTile * inner_.steps[1]) {
          const std::int64_t width = std::min(kTile, inner_.dim - i);
          if (in_fours && height >= 4 && width >= 4) {
            turn_fours(source, inner_.steps[0], target, turned_.steps[1], width, height);
          } else {
            for (std::int64_t k = 0; k < height; ++k) {
              copy(source + k * turned_.steps[0], inner_.steps[0], target + k * turned_.steps[1], inner_.steps[1], width, static_cast<std::size_t>(unit_));
            }
          }
        }
      });
    }
  });
}

void Move::run_threes(const std::byte* from, std::byte* to) const {
  const Axis& pixels = parts_threes_ ? inner_ : turned_;
  const std::int64_t step = parts_threes_ ? turned_.steps[1] : inner_.steps[0];  // from channel to channel, where pixels are apart
  outer_.each(0, outer_.positions(), [&](const auto& offset) {
    parallel_for(pixels.dim, kGrain / 12, [&](std::int64_t begin, std::int64_t end) {
      const std::byte* const source = from + offset[0] + begin * pixels.steps[0];
      std::byte* const target = to + offset[1] + begin * pixels.steps[1];
      if (parts_threes_) part_threes(source, target, step, end - begin);
      else join_threes(source, step, target, end - begin);
    });
  });
}

}  // namespace temper::cpu
