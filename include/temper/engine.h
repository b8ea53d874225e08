#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "temper/dtype.h"
#include "temper/error.h"

namespace temper {

/// A row-major array in memory that someone else owns.
struct TensorView {
  DType dtype = DType::kFloat32;
  std::vector<std::int64_t> dims;
  void* data = nullptr;
};

/// Bytes of the elements. Throws ModelError where a dim is negative, and for types whose elements have no fixed size.
std::size_t size_bytes(const TensorView& tensor);

/// What is known of an input or output.
struct TensorInfo {
  std::string name;
  DType dtype = DType::kFloat32;
  bool rank_known = true;
  std::vector<std::int64_t> dims;  ///< -1: open
};

struct LoadOptions {
  /// 0: as many as the plan was made for; one per core for a model.
  int threads = 0;
  /// Most memory of the whole process in bytes; 0: as the plan says, or what the machine has.
  std::size_t memory_limit_bytes = 0;
};

struct OptimizeOptions {
  /// As `temper optimize --shape`: "input=1x300x300x3", "input=MIN:OPT:MAX".
  std::vector<std::string> shapes;
  /// Tensors to give, by name; empty: the model's own outputs.
  std::vector<std::string> outputs;
  /// 0: any batch, none promised.
  std::int64_t max_batch = 0;
  int threads = 0;
  /// "off", "fast" or "full".
  std::string tune = "fast";
  /// File of kernel times kept between runs; empty: none.
  std::filesystem::path timing_cache;
  std::size_t max_workspace_bytes = 0;
  std::size_t memory_limit_bytes = 0;
};

class Context;

/// A network ready to run. Cheap to copy; may be used from several threads.
class Engine {
 public:
  /// Of the plan in a file. Throws ModelError where it is none, damaged, newer than this library, or over the memory limit.
  static Engine load_plan(const std::filesystem::path& path, const LoadOptions& options = {});
  /// Of a model as its author saved it, optimised without timing kernels. Not in the library that only runs plans.
  static Engine load_model(const std::filesystem::path& path, const LoadOptions& options = {});

  const std::vector<TensorInfo>& inputs() const;
  const std::vector<TensorInfo>& outputs() const;

 private:
  friend class Context;
  friend struct EngineAccess;
  struct Impl;
  explicit Engine(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

/// The memory in which one thread at a time runs an engine; an engine may have many. Where shapes stay as they were in the run before,
/// steps whose memory is planned allocate nothing.
class Context {
 public:
  explicit Context(const Engine& engine);
  Context(Context&&) noexcept;
  Context& operator=(Context&&) noexcept;
  ~Context();

  /// From now on input `i` of Engine::inputs() is read from the caller's memory, which must stay until the last run. Throws ModelError
  /// where dtype or dims are not those that the engine takes.
  void set_input(std::size_t i, const TensorView& tensor);
  /// By name. Throws ModelError where there is no such input.
  void set_input(std::string_view name, const TensorView& tensor);
  /// From now on output `i` is written to the caller's memory; dtype and dims must be those that the run gives.
  void set_output(std::size_t i, const TensorView& tensor);
  /// Throws ModelError where an input was never set, or values make the result impossible; the message names the node.
  void run();
  /// Of the last run, in memory of the context (or the caller's, where set_output was called); valid until the next run.
  TensorView output(std::size_t i) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Makes a plan of a model for this machine and writes it, whole or not at all. Not in the library that only runs plans. Throws ModelError.
void optimize(const std::filesystem::path& model, const std::filesystem::path& plan, const OptimizeOptions& options = {});

}  // namespace temper
