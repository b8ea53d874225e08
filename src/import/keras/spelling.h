#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace temper::keras {

/// Rewrites a layer's class and configuration as Keras 3 spells them: Keras 1's Convolution2D of nb_filter and border_mode becomes Conv2D of
/// filters and padding, Merge of a mode becomes Add, Concatenate, ..., alpha becomes negative_slope.
void modernise(std::string& class_name, nlohmann::json& config);

}  // namespace temper::keras
