#pragma once
#include "backends/cpu/nest.h"
#include "base/threads.h"

namespace temper::cpu {

/// Neighbouring elements of N operands and of what is made of them. An operand moves on by `steps`, 0 or 1 elements.
template <std::size_t N>
struct Run {
  std::array<const std::byte*, N> in;
  std::array<std::int64_t, N> steps;
  std::byte* out;
  std::int64_t count;

  template <class T>
  const T* operand(std::size_t i) const {
    return reinterpret_cast<const T*>(in[i]);
  }
  template <class T>
  T* result() const {
    return reinterpret_cast<T*>(out);
  }
};

/// Walks over operands that are broadcast to the shape of a result, in runs that are long: where they would be short, operands
/// that do not lie in one run are first written out in a block.
template <std::size_t N>
class BroadcastLoop {
 public:
  BroadcastLoop(const Shape& out, std::size_t out_bytes, const std::array<Shape, N>& in, const std::array<std::size_t, N>& in_bytes)
      : out_bytes_(static_cast<std::int64_t>(out_bytes)) {
    std::array<std::array<std::int64_t, kMaxRank>, N> strides;
    for (std::size_t i = 0; i < N; ++i) {
      strides[i] = broadcast_strides(in[i], out);
      in_bytes_[i] = static_cast<std::int64_t>(in_bytes[i]);
    }
    const View whole(out);
    for (std::size_t axis = 0; axis < out.rank(); ++axis) {
      typename Nest<N + 1>::Offsets steps;
      for (std::size_t i = 0; i < N; ++i) steps[i] = strides[i][axis];
      steps[N] = whole.strides[axis];
      outer_.add(out[axis], steps);
    }
    inner_ = outer_.take_last();
    if (inner_.dim < kShort) rows_ = outer_.take_last();
  }

  /// Calls `body(const Run<N>&)`, in parallel where a thread has `grain` elements to do. `body` does not throw.
  template <class Body>
  void each(const std::array<const std::byte*, N>& in, std::byte* out, std::int64_t grain, Body&& body) const {
    if (outer_.empty()) return;
    const std::int64_t positions = outer_.positions();
    const std::int64_t size = rows_.dim * inner_.dim;
    const std::int64_t cut = rows_.dim > 1 ? rows_.dim : inner_.dim;  // what is cut where there are few positions
    if (positions < 64) {
      parallel_for(cut, grain * cut / (size * positions) + 1, [&](std::int64_t first, std::int64_t last) {
        outer_.each(0, positions, [&](const auto& at) { rows_.dim > 1 ? short_runs(in, out, at, first, last, body) : one_run(in, out, at, first, last, body); });
      });
    } else {
      parallel_for(positions, grain / size + 1, [&](std::int64_t begin, std::int64_t end) {
        outer_.each(begin, end, [&](const auto& at) { rows_.dim > 1 ? short_runs(in, out, at, 0, cut, body) : one_run(in, out, at, 0, cut, body); });
      });
    }
  }

 private:
  using Offsets = typename Nest<N + 1>::Offsets;
  static constexpr std::int64_t kShort = 64;
  static constexpr std::int64_t kBlock = 512;  ///< elements written out at a time

  template <class Body>
  void one_run(const std::array<const std::byte*, N>& in, std::byte* out, const Offsets& at, std::int64_t first, std::int64_t last, Body& body) const {
    Run<N> run;
    for (std::size_t i = 0; i < N; ++i) {
      run.in[i] = in[i] + (at[i] + first * inner_.steps[i]) * in_bytes_[i];
      run.steps[i] = inner_.steps[i];
    }
    run.out = out + (at[N] + first * inner_.steps[N]) * out_bytes_;
    run.count = last - first;
    body(run);
  }

  /// Rows [first, last).
  template <class Body>
  void short_runs(const std::array<const std::byte*, N>& in, std::byte* out, const Offsets& at, std::int64_t first, std::int64_t last, Body& body) const {
    alignas(64) std::array<std::array<std::byte, 8 * kBlock>, N> blocks;
    const std::int64_t most = kBlock / inner_.dim;
    for (std::int64_t row = first; row < last; row += most) {
      const std::int64_t count = std::min(most, last - row);
      Run<N> run;
      for (std::size_t i = 0; i < N; ++i) {
        const std::byte* const from = in[i] + (at[i] + row * rows_.steps[i]) * in_bytes_[i];
        const bool lies_so = inner_.steps[i] == 1 && rows_.steps[i] == inner_.dim;
        const bool stays = inner_.steps[i] == 0 && rows_.steps[i] == 0;
        const bool again = row > first && rows_.steps[i] == 0;
        if (!lies_so && !stays && !again) write_out(i, from, std::min(most, last - row), blocks[i].data());
        run.in[i] = lies_so || stays ? from : blocks[i].data();
        run.steps[i] = stays ? 0 : 1;
      }
      run.out = out + (at[N] + row * rows_.steps[N]) * out_bytes_;
      run.count = count * inner_.dim;
      body(run);
    }
  }

  void write_out(std::size_t i, const std::byte* from, std::int64_t count, std::byte* to) const {
    switch (in_bytes_[i]) {
      case 1: return write_out<std::uint8_t>(i, from, count, to);
      case 2: return write_out<std::uint16_t>(i, from, count, to);
      case 4: return write_out<std::uint32_t>(i, from, count, to);
      default: return write_out<std::uint64_t>(i, from, count, to);
    }
  }

  template <class T>
  void write_out(std::size_t i, const std::byte* bytes, std::int64_t count, std::byte* to_bytes) const {
    const T* from = reinterpret_cast<const T*>(bytes);
    T* to = reinterpret_cast<T*>(to_bytes);
    for (std::int64_t row = 0; row < count; ++row, from += rows_.steps[i]) {
      for (std::int64_t k = 0; k < inner_.dim; ++k) *to++ = from[k * inner_.steps[i]];
    }
  }

  std::int64_t out_bytes_;
  std::array<std::int64_t, N> in_bytes_;
  Nest<N + 1> outer_;
  typename Nest<N + 1>::Axis rows_, inner_;
};

}  // namespace temper::cpu
