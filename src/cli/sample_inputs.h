#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "engine/session.h"

namespace temper {

/// What commands that run a model again and again take to run it on: --batch, --image, --input, --shape, --preprocess.
struct SampleOptions {
  std::int64_t batch = 1;
  std::string image;
  std::vector<std::string> inputs;
  std::vector<std::string> shapes;
  std::string preprocess = "none";

  void declare(CLI::App& app);
  /// One tensor per input: what is given, else random numbers, the same in every run, of the shape that is given, or that the plan was
  /// made for. Throws ModelError, naming the option that would help, where a shape is open.
  std::vector<NamedTensor> make(const Session& session) const;
};

}  // namespace temper
