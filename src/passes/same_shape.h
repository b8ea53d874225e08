#pragma once
#include "passes/pass.h"

namespace temper {

/// Whether two values are known to have equal shapes: because all dims are known, or because both come from one value by
/// windows that make equally much of any size. False where that cannot be shown.
bool same_shape(const Rewriter& rewriter, ValueId a, ValueId b);

/// Whether two values are known to have equal first dims (batches): because the same value is behind both, through operators
/// that leave that dim. False where that cannot be shown.
bool same_first_dim(const Rewriter& rewriter, ValueId a, ValueId b);

}  // namespace temper
