#include "backends/cpu/move.h"

#include <cstring>

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
    return;
  }
}

void Move::run(const std::byte* from, std::byte* to) const {
  from += from_offset_;
  to += to_offset_;
  if (outer_.empty()) return;
  if (one_run()) {
    if (from != to) copy_bytes(from, to, unit_);
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
  const std::int64_t bands = (turned_.dim + kTile - 1) / kTile;
  parallel_for(outer_.positions() * bands, kGrain / (kTile * inner_.dim * unit_) + 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t at = begin; at < end; ++at) {
      const std::int64_t first = at % bands * kTile;
      const std::int64_t last = std::min(first + kTile, turned_.dim);
      outer_.each(at / bands, at / bands + 1, [&](const auto& offset) {
        for (std::int64_t i = 0; i < inner_.dim; i += kTile) {
          const std::int64_t count = std::min(kTile, inner_.dim - i);
          for (std::int64_t k = first; k < last; ++k) {
            copy(from + offset[0] + k * turned_.steps[0] + i * inner_.steps[0], inner_.steps[0],
                 to + offset[1] + k * turned_.steps[1] + i * inner_.steps[1], inner_.steps[1], count, static_cast<std::size_t>(unit_));
          }
        }
      });
    }
  });
}

}  // namespace temper::cpu
