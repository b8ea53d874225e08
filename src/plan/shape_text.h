#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"

/// Shapes as users write them.
namespace temper {

/// `name` without ":0" at its end.
std::string plain_name(std::string_view name);

/// "NAME=1x300x300x3", or "1x300x300x3" with no name; "?" is an unknown dim. Throws ModelError where it is another
/// form.
struct ShapeArgument {
  std::string name;
  std::vector<std::int64_t> dims;  ///< -1 unknown
};
ShapeArgument parse_shape(const std::string& text);

/// "NAME=1x300x300x3", or "NAME=MIN:OPT:MAX" of three such shapes; a "?" dim is left as the model has it (opt -1). Throws ModelError
/// where it is another form.
InputProfile parse_profile(const std::string& text);

}  // namespace temper
