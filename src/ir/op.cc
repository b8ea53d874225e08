#include "ir/op.h"

namespace temper {

Op OpRegistry::make(std::string_view name, const Attributes& attributes) const {
  const auto found = makers_.find(name);
  invariant(found != makers_.end(), "there is no operator named {}", name);
  return found->second(attributes);
}

std::vector<std::string_view> OpRegistry::names() const {
  std::vector<std::string_view> names;
  for (const auto& [name, maker] : makers_) names.push_back(name);
  return names;
}

}  // namespace temper
