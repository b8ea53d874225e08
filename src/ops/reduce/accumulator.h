#pragma once
#include <cmath>
#include <limits>

#include "base/memory.h"
#include "ops/definition.h"

/// Ways to make one number of many: `start`, `add` for each, `finish` with how many there were. Floats are accumulated
/// in double and rounded once, so the order hardly matters; integers in 64 bits, which wrap around.
namespace temper {

template <class T>
using SumOf = std::conditional_t<is_float_type<T>, double, std::uint64_t>;

/// x as a SumOf<T>; negative integers keep their value modulo 2^64.
template <class T>
SumOf<T> widen(T x) {
  return static_cast<SumOf<T>>(static_cast<Compute<T>>(x));
}

/// A wide sum as T: floats are rounded, integers wrap around.
template <class T>
T narrow(SumOf<T> sum) {
  return static_cast<T>(static_cast<Compute<T>>(sum));
}

/// The lowest and highest finite numbers of a type.
template <class T>
T lowest_finite() {
  T value{};
  if constexpr (std::is_same_v<T, Half>)
    value.bits = 0xfbff;
  else if constexpr (std::is_same_v<T, BFloat16>)
    value.bits = 0xff7f;
  else
    value = std::numeric_limits<T>::lowest();
  return value;
}
template <class T>
T highest_finite() {
  if constexpr (is_float_type<T>)
    return static_cast<T>(-static_cast<Compute<T>>(lowest_finite<T>()));
  else
    return std::numeric_limits<T>::max();
}

/// Working memory for `count` elements, all `value`, under the memory limit as tensors are.
template <class State>
class Scratch {
 public:
  Scratch(std::size_t count, State value) {
    std::size_t size_bytes = 0;
    require(!__builtin_mul_overflow(count, sizeof(State), &size_bytes), "{} intermediate results are too many", count);
    buffer_ = allocate_buffer(size_bytes);
    elements_ = {reinterpret_cast<State*>(buffer_.get()), count};
    std::ranges::fill(elements_, value);
  }
  State& operator[](std::size_t i) const { return elements_[i]; }
  State* data() const { return elements_.data(); }

 private:
  std::shared_ptr<std::byte> buffer_;
  std::span<State> elements_;
};

struct Summing {
  template <class T>
  using State = SumOf<T>;
  template <class T>
  static State<T> start() {
    return 0;
  }
  template <class T>
  static void add(State<T>& sum, T x) {
    sum += widen(x);
  }
  template <class T>
  static T finish(State<T> sum, std::int64_t) {
    return narrow<T>(sum);
  }
};

/// The mean of integers is cut off at the point; of none, it is 0 (of no floats, NaN).
struct Averaging : Summing {
  template <class T>
  static T finish(State<T> sum, std::int64_t count) {
    if constexpr (is_float_type<T>) {
      return narrow<T>(count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(count));
    } else if (count == 0) {
      return 0;
    } else if constexpr (std::is_signed_v<T>) {
      return static_cast<T>(static_cast<std::int64_t>(sum) / count);
    } else {
      return static_cast<T>(sum / static_cast<std::uint64_t>(count));
    }
  }
};

/// Averaging, but by the square root of the count.
struct AveragingRoot : Summing {
  template <class T>
  static T finish(State<T> sum, std::int64_t count) {
    static_assert(is_float_type<T>);
    return narrow<T>(count == 0 ? 0 : sum / std::sqrt(static_cast<double>(count)));
  }
};

struct Multiplying {
  template <class T>
  using State = SumOf<T>;
  template <class T>
  static State<T> start() {
    return 1;
  }
  template <class T>
  static void add(State<T>& product, T x) {
    product *= widen(x);
  }
  template <class T>
  static T finish(State<T> product, std::int64_t) {
    return narrow<T>(product);
  }
};

/// NaN where any is NaN; of none, the least there is.
struct TakingMax {
  template <class T>
  using State = Compute<T>;
  template <class T>
  static State<T> start() {
    if constexpr (is_float_type<T>)
      return -std::numeric_limits<State<T>>::infinity();
    else
      return std::numeric_limits<T>::lowest();
  }
  template <class T>
  static void add(State<T>& best, T element) {
    const auto x = static_cast<State<T>>(element);
    best = best < x || x != x ? x : best;
  }
  template <class T>
  static T finish(State<T> best, std::int64_t) {
    return static_cast<T>(best);
  }
};

/// NaN where any is NaN; of none, the greatest there is.
struct TakingMin {
  template <class T>
  using State = Compute<T>;
  template <class T>
  static State<T> start() {
    if constexpr (is_float_type<T>)
      return std::numeric_limits<State<T>>::infinity();
    else
      return std::numeric_limits<T>::max();
  }
  template <class T>
  static void add(State<T>& best, T element) {
    const auto x = static_cast<State<T>>(element);
    best = x < best || x != x ? x : best;
  }
  template <class T>
  static T finish(State<T> best, std::int64_t) {
    return static_cast<T>(best);
  }
};

/// The square root of the sum of squares; of integers, what is left of the point (0 where the sum wraps around below
/// 0).
struct TakingNorm {
  template <class T>
  using State = SumOf<T>;
  template <class T>
  static State<T> start() {
    return 0;
  }
  template <class T>
  static void add(State<T>& sum, T x) {
    sum += widen(x) * widen(x);
  }
  template <class T>
  static T finish(State<T> sum, std::int64_t) {
    if constexpr (is_float_type<T>)
      return narrow<T>(std::sqrt(sum));
    else
      return static_cast<T>(std::sqrt(static_cast<double>(std::max<T>(narrow<T>(sum), 0))));
  }
};

struct RequiringAll {
  template <class T>
  using State = char;
  template <class T>
  static char start() {
    return 1;
  }
  template <class T>
  static void add(char& all, T x) {
    all = static_cast<char>(all != 0 && x);
  }
  template <class T>
  static T finish(char all, std::int64_t) {
    return all != 0;
  }
};

struct RequiringAny {
  template <class T>
  using State = char;
  template <class T>
  static char start() {
    return 0;
  }
  template <class T>
  static void add(char& any, T x) {
    any = static_cast<char>(any != 0 || x);
  }
  template <class T>
  static T finish(char any, std::int64_t) {
    return any != 0;
  }
};

}  // namespace temper
