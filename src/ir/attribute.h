#pragma once
#include <concepts>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ir/tensor.h"

namespace temper {

/// The value of an operator's attribute, in the one form in which attributes are printed, parsed, stored and compared.
using Attribute = std::variant<bool, std::int64_t, double, std::string, DType, std::vector<std::int64_t>,
                               std::vector<double>, std::vector<std::string>, Tensor>;

/// Attributes by name, in the order of the operator's `fields`.
using Attributes = std::vector<std::pair<std::string, Attribute>>;

/// "same", "[1,2]", "float32[2,3]"
std::string to_string(const Attribute& attribute);
/// Equal alternatives of equal value (tensors by bits).
bool identical(const Attribute& a, const Attribute& b);
bool identical(const Attributes& a, const Attributes& b);

/// Enumerations used as attributes specialise this with their values' names, in order.
template <class E>
struct EnumNames;  // static constexpr std::array<std::string_view, N> kNames

template <class E>
concept NamedEnum = requires { EnumNames<E>::kNames; };

template <class T>
Attribute to_attribute(const T& value) {
  if constexpr (std::same_as<T, bool>) return value;
  else if constexpr (std::same_as<T, DType>) return value;
  else if constexpr (NamedEnum<T>) return std::string(EnumNames<T>::kNames.at(static_cast<std::size_t>(value)));
  else if constexpr (std::integral<T>) return static_cast<std::int64_t>(value);
  else if constexpr (std::floating_point<T>) return static_cast<double>(value);
  else if constexpr (std::same_as<T, std::vector<float>>) return std::vector<double>(value.begin(), value.end());
  else return value;
}

/// Formats that do not say what an empty list is a list of give it as integers.
inline bool is_empty_list(const Attribute& attribute) {
  const auto* list = std::get_if<std::vector<std::int64_t>>(&attribute);
  return list != nullptr && list->empty();
}

/// Sets `field` from an attribute. False where the attribute is of another kind, or names no value of an enumeration.
template <class T>
bool from_attribute(const Attribute& attribute, T& field) {
  if constexpr (NamedEnum<T>) {
    const auto* name = std::get_if<std::string>(&attribute);
    if (name == nullptr) return false;
    const auto& names = EnumNames<T>::kNames;
    const auto found = std::ranges::find(names, *name);
    if (found == names.end()) return false;
    field = static_cast<T>(found - names.begin());
    return true;
  } else if constexpr (std::integral<T> && !std::same_as<T, bool>) {
    const auto* value = std::get_if<std::int64_t>(&attribute);
    if (value == nullptr || !std::in_range<T>(*value)) return false;
    field = static_cast<T>(*value);
    return true;
  } else if constexpr (std::floating_point<T>) {
    if (const auto* whole = std::get_if<std::int64_t>(&attribute)) return field = static_cast<T>(*whole), true;
    const auto* value = std::get_if<double>(&attribute);
    if (value == nullptr) return false;
    field = static_cast<T>(*value);
    return true;
  } else if constexpr (std::same_as<T, std::vector<float>>) {
    field.clear();
    if (is_empty_list(attribute)) return true;
    const auto* values = std::get_if<std::vector<double>>(&attribute);
    if (values == nullptr) return false;
    for (const double value : *values) field.push_back(static_cast<float>(value));
    return true;
  } else {
    if constexpr (requires(T list) { list.clear(); list.push_back(list.front()); } && !std::same_as<T, std::string>) {
      if (is_empty_list(attribute)) return field.clear(), true;
    }
    const auto* value = std::get_if<T>(&attribute);
    if (value == nullptr) return false;
    field = *value;
    return true;
  }
}

}  // namespace temper
