#pragma once
#include <span>
#include <string>
#include <vector>

#include "cli/io/label_map.h"
#include "ir/tensor.h"

namespace temper {

/// The scores of one picture's classes, in [1,n], [1,1,1,n] or [n], as floats. Throws ModelError where the tensor is of
/// another form.
std::vector<float> class_scores(const Tensor& output);

/// Whether scores are probabilities already: within 0..1, whatever their sum (a network of independent classes has
/// any).
bool are_probabilities(std::span<const float> scores);

/// exp(x) / sum of exp(x).
std::vector<float> softmax_of(std::span<const float> scores);

/// The places of the `count` greatest scores, greatest first; equal ones in order, NaN last.
std::vector<std::size_t> best_places(std::span<const float> scores, std::size_t count);

/// Labels put on as many classes: a background that one side lacks is added or dropped. `remark` says what was done.
LabelMap fitted_labels(const LabelMap& labels, std::size_t class_count, std::string& remark);

}  // namespace temper
