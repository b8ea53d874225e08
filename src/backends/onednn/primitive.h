#pragma once
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <vector>

#include "ir/tensor.h"
#include "plan/backend.h"

/// What the kernels of this folder share.
namespace temper::onednn {

using Memory = dnnl::memory;

const dnnl::engine& cpu();

/// A row-major array of float32.
Memory::desc row_major(const Shape& shape);
/// [N, spatial..., C] in memory, which oneDNN calls (N, C, spatial...).
Memory::desc channels_last(const Shape& shape);
Memory::dims to_dims(std::span<const std::int64_t> dims);

/// Constant elements in the layout that a primitive wants. Kernels that want the same share it.
class Packed {
 public:
  Packed(Tensor source, Memory memory) : source_(std::move(source)), memory_(std::move(memory)) {}
  const Memory& memory() const { return memory_; }

 private:
  Tensor source_;  // its address names the elements, so it stays while they are packed
  Memory memory_;
};
std::shared_ptr<const Packed> pack(const Tensor& source, const Memory::desc& from, const Memory::desc& to);

/// A primitive with its arguments: memories that are pointed at the tensors of a run.
class Primitive {
 public:
  explicit Primitive(dnnl::primitive primitive) : primitive_(std::move(primitive)) {}

  /// An argument that is set before each run, by set().
  void add(int argument, const Memory::desc& desc);
  void add(int argument, const Memory& memory);
  void add(int argument, std::shared_ptr<const Packed> packed);
  void set(int argument, const Tensor& tensor);
  void run();

 private:
  struct Argument {
    int name;
    Memory memory;
  };

  dnnl::primitive primitive_;
  std::vector<Argument> arguments_;
  std::vector<dnnl_exec_arg_t> raw_;
  std::vector<std::shared_ptr<const Packed>> packed_;
};

/// Constant weights are packed when the kernel is made, others whenever it runs.
class Weights {
 public:
  Weights(const Fact& fact, const Memory::desc& from, const Memory::desc& to);
  void add_to(Primitive& primitive, int argument);
  /// Before each run.
  void set(Primitive& primitive, int argument, const Tensor& tensor);

 private:
  std::shared_ptr<const Packed> packed_;  // of constant weights
  std::optional<Primitive> reorder_;      // of others, where the layout differs
  Memory::desc to_;
  Memory target_;
};

}  // namespace temper::onednn
