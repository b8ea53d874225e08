#pragma once
#include <string_view>

namespace temper::tensorflow {

/// The port at which the named output of an operator begins. Functions speak of outputs by name; operators of one output
/// (or one list) are not listed, theirs begin at 0. Throws ModelError where a listed operator has no such output.
int first_port(std::string_view op, std::string_view output);

}  // namespace temper::tensorflow
