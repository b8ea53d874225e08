#pragma once
#include <CLI/CLI.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "engine/session.h"

namespace temper {

/// What every command that runs a model or a plan takes: FILE, --backend, --threads, --memory-limit, --signature-def, --tags, -q.
struct ModelOptions {
  std::string file;
  std::string backend = "cpu";
  int threads = 0;
  std::string memory_limit = "0";
  bool quiet = false;
  ModelChoice choice;

  void declare(CLI::App& app);
  /// Reads the model and prepares it; `outputs` empty means its own, and `inputs` are where it is cut.
  Session load(const std::vector<std::string>& outputs = {}, std::vector<ImportInput> inputs = {}, bool profile = false) const;
  /// Takes -q over for all notes.
  void apply_quiet() const;
};

/// Declares --signature-def and --tags.
void declare_choice(CLI::App& app, ModelChoice& choice);

/// Declares --json [FILE] bound to `target`, which stays empty where it is not given.
void declare_json(CLI::App& app, std::string& target);

/// Sets a graph input's shape as "NAME=1x300x300x3" says. Throws ModelError where there is no such input or it does not
/// have that shape.
void set_input_shape(Graph& graph, const std::string& text);
/// set_input_shape of each, and everything that follows from it.
void set_shapes(Graph& graph, const std::vector<std::string>& shapes);

/// Milliseconds since a moment.
class Stopwatch {
 public:
  double elapsed_ms() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace temper
