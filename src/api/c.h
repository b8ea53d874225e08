#pragma once
#include <algorithm>
#include <string>

#include "temper/engine.h"
#include "temper/temper.h"

struct temper_engine {
  temper::Engine engine;
};

namespace temper {

/// The words of this thread's last failure.
std::string& last_error();

/// Runs what a C function does: no exception leaves it.
template <class Body>
temper_status guarded(const Body& body) noexcept {
  try {
    body();
    return TEMPER_OK;
  } catch (const InternalError& error) {
    last_error() = error.what();
    return TEMPER_INTERNAL_ERROR;
  } catch (const std::exception& error) {  // out of memory is the caller's to act upon, too
    last_error() = error.what();
    return TEMPER_MODEL_ERROR;
  }
}

}  // namespace temper
