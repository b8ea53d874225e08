#pragma once
#include <cstddef>
#include <span>

#include "ops/detection/multiclass_nms.h"

namespace temper::cpu {

/// One picture for multiclass_nms. Row-major: boxes [count, per_box, 4], scores [count, columns], window [4] or empty.
struct NmsInput {
  std::span<const float> boxes;
  std::span<const float> scores;
  std::span<const float> window;
  std::int64_t count = 0;
  std::int64_t per_box = 1;
  std::int64_t columns = 0;
};

/// What there is room for: max_total detections.
struct NmsOutput {
  std::span<float> boxes;  ///< [max_total, 4]
  std::span<float> scores;
  std::span<float> classes;
  std::span<std::int32_t> indices;
};

/// The scratch memory that suppress_classes needs for pictures of at most `count` boxes.
std::size_t nms_scratch_bytes(const MulticlassNms& op, std::int64_t count, std::int64_t columns);

/// multiclass_nms for one picture: exactly what the definition gives, without looking at more boxes than it takes to be sure of
/// the best. All of `output` is written. Gives how many detections there are; -1 where the definition must serve, which is for
/// boxes that are not finite and for 2^32 scores or more. `scratch` is aligned to 64 bytes; nothing is allocated.
std::int64_t suppress_classes(const MulticlassNms& op, const NmsInput& input, const NmsOutput& output, std::span<std::byte> scratch);

}  // namespace temper::cpu
