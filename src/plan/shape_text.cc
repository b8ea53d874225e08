#include "plan/shape_text.h"

#include <charconv>

namespace temper {

std::string plain_name(std::string_view name) {
  if (name.ends_with(":0")) name.remove_suffix(2);
  return std::string(name);
}

ShapeArgument parse_shape(const std::string& text) {
  ShapeArgument shape;
  const std::size_t equals = text.rfind('=');
  if (equals != std::string::npos) shape.name = plain_name(text.substr(0, equals));
  std::string_view rest = std::string_view(text).substr(equals == std::string::npos ? 0 : equals + 1);
  const auto refuse = [&] { return ModelError(fmt::format("--shape {}: is not of the form NAME=1x300x300x3", text)); };
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of("x,"), rest.size());
    const std::string_view part = rest.substr(0, end);
    std::int64_t dim = -1;
    const auto [stop, error] = std::from_chars(part.data(), part.data() + part.size(), dim);
    const bool number =
        error == std::errc() && stop == part.data() + part.size() && dim >= 0 && dim < (std::int64_t{1} << 32);
    if (!number && part != "?") throw refuse();
    shape.dims.push_back(number ? dim : -1);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (rest.empty() && end < text.size() && (text.back() == 'x' || text.back() == ',')) throw refuse();
  }
  return shape;
}

InputProfile parse_profile(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  const std::string name = equals == std::string::npos ? "" : text.substr(0, equals + 1);
  std::vector<ShapeArgument> shapes;
  for (std::size_t at = name.size(); at <= text.size();) {
    const std::size_t end = std::min(text.find(':', at), text.size());
    shapes.push_back(parse_shape(name + text.substr(at, end - at)));
    at = end + 1;
  }
  require(shapes.size() == 1 || shapes.size() == 3, "--shape {}: is not of the form NAME=1x300x300x3 or NAME=MIN:OPT:MAX", text);
  const std::size_t rank = shapes[0].dims.size();
  for (const ShapeArgument& shape : shapes) require(shape.dims.size() == rank, "--shape {}: min, opt and max are of different ranks", text);
  InputProfile profile{shapes[0].name, {}};
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const std::int64_t opt = shapes[shapes.size() / 2].dims[axis];
    DimRange range{shapes.front().dims[axis], opt, shapes.back().dims[axis]};
    if (range.min < 0 || range.max < 0 || opt < 0) range = shapes.size() == 1 || opt < 0 ? DimRange{-1, -1, -1} : DimRange{0, opt, 0};
    profile.dims.push_back(range);
  }
  return profile;
}

}  // namespace temper
