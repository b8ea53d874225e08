#include "passes/operator_kinds.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace temper {
namespace {

/// Each with a space before and behind.
constexpr std::string_view kElementwise =
    " "
    "abs neg sign square sqrt rsqrt reciprocal exp expm1 log log1p pow add sub mul div add_n maximum "
    "minimum truncate_div floor_div truncate_mod floor_mod div_no_nan mul_no_nan xdivy xlogy xlog1py "
    "squared_difference logical_and logical_or logical_not invert bitwise_and bitwise_or bitwise_xor "
    "left_shift right_shift floor ceil round is_nan is_inf is_finite sin cos tan asin acos atan atan2 "
    "sinh cosh tanh asinh acosh atanh equal not_equal less less_equal greater greater_equal "
    "approximate_equal select relu relu6 leaky_relu elu selu softplus softsign sigmoid hard_swish mish erf "
    "erfc erfinv ndtri lgamma digamma cast zeros_like ones_like identity bucketize next_after ";

constexpr std::array kOverBatch = std::to_array<std::string_view>({
    "conv",
    "max_pool",
    "avg_pool",
    "resize_bilinear",
    "resize_nearest_neighbor",
    "resize_bicubic",
    "resize_area",
    "depth_to_space",
    "space_to_depth",
    "local_response_norm",
});

constexpr std::array kAlongAxis = std::to_array<std::string_view>({
    "expand_dims",
    "split",
    "unpack",
    "softmax",
    "log_softmax",
    "arg_max",
    "arg_min",
    "cumsum",
    "cumprod",
});

constexpr std::array kReductions = std::to_array<std::string_view>({
    "sum",
    "mean",
    "prod",
    "max",
    "min",
    "all",
    "any",
    "euclidean_norm",
});

bool contains(const auto& names, std::string_view op) { return std::ranges::find(names, op) != names.end(); }

}  // namespace

bool is_elementwise(std::string_view op) { return kElementwise.find(fmt::format(" {} ", op)) != std::string_view::npos; }
std::size_t batch_inputs(std::string_view op) {
  if (op == "combined_non_max_suppression" || op == "gather_or_zero") return 2;
  if (op == "multiclass_nms") return 4;
  return contains(kOverBatch, op) ? 1 : 0;
}
bool is_along_axis(std::string_view op) { return contains(kAlongAxis, op); }
bool is_reduction(std::string_view op) { return contains(kReductions, op); }

}  // namespace temper
