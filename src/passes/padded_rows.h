#pragma once
#include "passes/detection_rows.h"

namespace temper {

/// Rows cut off or filled up with zeros to a fixed number.
struct PaddedRows {
  ValueId rows = ValueId::kNone;
  std::int64_t length = 0;
  std::vector<std::int64_t> others;  ///< of what length the other axes must be, for then nothing happens along them
};

/// pad(slice(rows, 0, min(number of rows, length)), length - what that leaves): the API's pad_or_clip.
std::optional<PaddedRows> as_padded(const Rewriter& rewriter, const Node& pad, const DetectionRows::Originals& originals);

}  // namespace temper
