#include "cli/io/ranking.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace temper {

std::vector<float> class_scores(const Tensor& output) {
  const bool one_row =
      output.rank() >= 1 && output.elements() == output.dim(output.rank() - 1) && output.elements() > 0;
  require(one_row && is_number(output.dtype()), "is {}; the scores of one picture, [1,classes], are needed",
          output);
  std::vector<float> scores(static_cast<std::size_t>(output.elements()));
  visit_numbers(output.dtype(), [&]<class T>(Type<T>) {
    std::ranges::transform(output.data<T>(), scores.begin(), [](T value) { return static_cast<float>(value); });
  });
  return scores;
}

bool are_probabilities(std::span<const float> scores) {
  return std::ranges::all_of(scores, [](float score) { return score >= -1e-6F && score <= 1 + 1e-4F; });
}

std::vector<float> softmax_of(std::span<const float> scores) {
  const float greatest = scores.empty() ? 0 : *std::ranges::max_element(scores);
  std::vector<float> shares(scores.size());
  std::ranges::transform(scores, shares.begin(), [&](float score) { return std::exp(score - greatest); });
  const float sum = std::accumulate(shares.begin(), shares.end(), 0.0F);
  for (float& share : shares) share /= sum;
  return shares;
}

std::vector<std::size_t> best_places(std::span<const float> scores, std::size_t count) {
  std::vector<std::size_t> places(scores.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::ranges::stable_sort(places, [&](std::size_t a, std::size_t b) {
    if (std::isnan(scores[a]) || std::isnan(scores[b])) return !std::isnan(scores[a]) && std::isnan(scores[b]);
    return scores[a] > scores[b];
  });
  places.resize(std::min(count, places.size()));
  return places;
}

LabelMap fitted_labels(const LabelMap& labels, std::size_t class_count, std::string& remark) {
  if (labels.empty() || labels.numbered() || labels.size() == class_count) return labels;
  if (labels.size() + 1 == class_count) {
    remark = "the model has one class more than there are labels: its first is taken as the background";
    std::map<std::int64_t, std::string> names = labels.shifted(1).names();
    names.emplace(0, "background");
    return LabelMap(std::move(names), false);
  }
  if (labels.size() == class_count + 1 && labels.begins_with_background()) {
    remark = "there is one label more than the model has classes: the background is left out";
    std::map<std::int64_t, std::string> names = labels.shifted(-1).names();
    names.erase(-1);
    return LabelMap(std::move(names), false);
  }
  remark =
      fmt::format("there are {} labels for {} classes: they may belong to another model", labels.size(), class_count);
  return labels;
}

}  // namespace temper
