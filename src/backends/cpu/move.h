#pragma once
#include "backends/cpu/nest.h"

namespace temper::cpu {

/// A copy of the elements that one view selects to where another says, worked out once and run many times. Elements are
/// bytes of some size: what they mean does not matter.
class Move {
 public:
  /// The views' dims are equal; they are over elements of `element_bytes`.
  Move(std::size_t element_bytes, const View& from, const View& to);

  /// In parallel where it pays. What is read and what is written do not overlap, unless they are the same throughout: then
  /// nothing is done.
  void run(const std::byte* from, std::byte* to) const;

  /// Whether it copies one run of bytes.
  bool one_run() const { return outer_.rank() == 0 && inner_.dim == 1; }

 private:
  using Axis = Nest<2>::Axis;

  void run_units(const std::byte* from, std::byte* to) const;
  void run_turned(const std::byte* from, std::byte* to) const;
  void run_threes(const std::byte* from, std::byte* to) const;

  std::int64_t unit_ = 0;  ///< bytes that lie together on both sides
  Axis inner_;             ///< the units of a row
  Axis turned_;            ///< where neighbours in `from` lie along another axis than those in `to`
  bool is_turned_ = false;
  bool parts_threes_ = false, joins_threes_ = false;  ///< channels of pictures: elements of 4 bytes, 3 together on one side
  std::int64_t from_offset_ = 0, to_offset_ = 0;
  Nest<2> outer_;
};

/// Writes the `unit` bytes at `from` to `to`, `count` times one after another; `count` is at least 1.
void repeat_unit(const std::byte* from, std::byte* to, std::int64_t unit, std::int64_t count);

/// Turns `width` rows of `height` elements of 4 bytes, both at least 4: element (i, k) goes to row k, place i. Steps are bytes from row
/// to row.
void turn_fours(const std::byte* from, std::int64_t from_step, std::byte* to, std::int64_t to_step, std::int64_t width, std::int64_t height);

}  // namespace temper::cpu
