#include <algorithm>

#include "ops/elementwise/elementwise.h"

namespace temper {
namespace {

/// `amount` within 0 and the bits of T, less one: what lies outside would be undefined.
template <class T>
int shift_amount(T amount) {
  constexpr int kMost = static_cast<int>(sizeof(T) * 8) - 1;
  if (amount < T(0)) return 0;
  return amount > static_cast<T>(kMost) ? kMost : static_cast<int>(amount);
}

}  // namespace

/// Whether x and y.
struct LogicalAnd : Binary<LogicalAnd, Bools> {
  static constexpr std::string_view kName = "logical_and";
  bool apply(bool x, bool y) const { return x && y; }
};
REGISTER_OP(LogicalAnd);

/// Whether x or y or both.
struct LogicalOr : Binary<LogicalOr, Bools> {
  static constexpr std::string_view kName = "logical_or";
  bool apply(bool x, bool y) const { return x || y; }
};
REGISTER_OP(LogicalOr);

/// Whether not x.
struct LogicalNot : Unary<LogicalNot, Bools> {
  static constexpr std::string_view kName = "logical_not";
  bool apply(bool x) const { return !x; }
};
REGISTER_OP(LogicalNot);

/// The bits that are not in x.
struct Invert : Unary<Invert, Integers> {
  static constexpr std::string_view kName = "invert";
  template <class T>
  T apply(T x) const {
    return static_cast<T>(~x);
  }
};
REGISTER_OP(Invert);

/// The bits that are in both x and y.
struct BitwiseAnd : Binary<BitwiseAnd, Integers> {
  static constexpr std::string_view kName = "bitwise_and";
  template <class T>
  T apply(T x, T y) const {
    return static_cast<T>(x & y);
  }
};
REGISTER_OP(BitwiseAnd);

/// The bits that are in x or y.
struct BitwiseOr : Binary<BitwiseOr, Integers> {
  static constexpr std::string_view kName = "bitwise_or";
  template <class T>
  T apply(T x, T y) const {
    return static_cast<T>(x | y);
  }
};
REGISTER_OP(BitwiseOr);

/// The bits that are in just one of x and y.
struct BitwiseXor : Binary<BitwiseXor, Integers> {
  static constexpr std::string_view kName = "bitwise_xor";
  template <class T>
  T apply(T x, T y) const {
    return static_cast<T>(x ^ y);
  }
};
REGISTER_OP(BitwiseXor);

/// x times 2^y, wrapping around; y is taken to be within 0 and the width of x, less 1.
struct LeftShift : Binary<LeftShift, Integers> {
  static constexpr std::string_view kName = "left_shift";
  template <class T>
  T apply(T x, T y) const {
    return static_cast<T>(static_cast<Wrapping<T>>(x) << shift_amount(y));
  }
};
REGISTER_OP(LeftShift);

/// x over 2^y, rounded down; y is taken to be within 0 and the width of x, less 1.
struct RightShift : Binary<RightShift, Integers> {
  static constexpr std::string_view kName = "right_shift";
  template <class T>
  T apply(T x, T y) const {
    return static_cast<T>(x >> shift_amount(y));
  }
};
REGISTER_OP(RightShift);

}  // namespace temper
