#pragma once
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "temper/error.h"

namespace temper {

/// Throws ModelError with the formatted message unless `ok`.
template <class... Args>
void require(bool ok, fmt::format_string<Args...> format, Args&&... args) {
  if (!ok) throw ModelError(fmt::format(format, std::forward<Args>(args)...));
}

/// Throws InternalError with the formatted message unless `ok`. For conditions that hold whatever the user supplies.
template <class... Args>
void invariant(bool ok, fmt::format_string<Args...> format, Args&&... args) {
  if (!ok) throw InternalError(fmt::format(format, std::forward<Args>(args)...));
}

/// Runs `body`; an Error that leaves it gains the context that `describe()` returns.
template <class Describe, class Body>
decltype(auto) in_context(Describe&& describe, Body&& body) {
  try {
    return body();
  } catch (Error& error) {
    error.add_context(describe());
    throw;
  }
}

}  // namespace temper
