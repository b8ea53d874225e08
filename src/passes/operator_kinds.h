#pragma once
#include <cstddef>
#include <string_view>

namespace temper {

/// Whether an operator of one or more inputs works element by element, its inputs broadcast together where they are several.
bool is_elementwise(std::string_view op);

/// How many leading inputs of an operator have a first axis along which it treats each by itself and alike, giving as many
/// in all its outputs; its other inputs are common to all. 0 for other operators. It may have fewer.
std::size_t batch_inputs(std::string_view op);

/// Whether it has one input and an attribute `axis`, beside which it treats everything by itself. Axes of expand_dims and
/// unpack count in the result and in the input: a new first axis in the input shifts all alike.
bool is_along_axis(std::string_view op);

/// Whether it has one input, whose dims at attribute `axes` become one, or one each.
bool is_reduction(std::string_view op);

}  // namespace temper
