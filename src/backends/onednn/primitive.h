#pragma once
#include <initializer_list>
#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <vector>

#include "ir/tensor.h"
#include "plan/backend.h"

/// What the kernels of this folder share.
namespace temper::onednn {

using Memory = dnnl::memory;

const dnnl::engine& cpu();

/// Throws DeviceError where the system has no memory for a kernel's code: oneDNN writes to what it did not get. To be called before primitives
/// are made.
void require_code_memory();

/// A row-major array of float32.
Memory::desc row_major(const Shape& shape);
/// [N, spatial..., C] in memory, which oneDNN calls (N, C, spatial...).
Memory::desc channels_last(const Shape& shape);
Memory::dims to_dims(std::span<const std::int64_t> dims);

/// Attributes of every primitive: scratch memory is the caller's.
dnnl::primitive_attr with_workspace(dnnl::primitive_attr attr = {});

/// Copies elements from one layout to another.
void reorder(const Memory::desc& from, const void* source, const Memory::desc& to, void* target);

/// A primitive with its arguments. May run in several threads at once.
class Primitive {
 public:
  explicit Primitive(dnnl::primitive primitive, const Memory::desc& workspace)
      : primitive_(std::move(primitive)), workspace_(workspace) {}

  void add(int argument, const Memory::desc& desc) { arguments_.emplace_back(argument, desc); }
  std::size_t workspace_bytes() const { return workspace_.get_size(); }

  /// `data` in the order of add().
  void run(std::initializer_list<const std::byte*> data, std::span<std::byte> workspace) const;

 private:
  /// What one run at a time fills in.
  struct Call {
    std::vector<Memory> memories;
    std::vector<dnnl_exec_arg_t> arguments;
  };
  std::unique_ptr<Call> take_call() const;

  dnnl::primitive primitive_;
  Memory::desc workspace_;
  std::vector<std::pair<int, Memory::desc>> arguments_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Call>> free_calls_;
};

/// A kernel's weights: constants are packed when the kernel is made, others are read as they are.
class Weights {
 public:
  /// `from` is the row-major layout, `to` what the primitive wants: the same where the weights are not constant.
  Weights(const Fact& fact, const Memory::desc& from, const Memory::desc& to);
  const std::byte* data(const Tensor& given) const {
    return (packed_ ? packed_->bytes : kept_ ? *kept_ : given).bytes().data();
  }
  /// What was packed here, and did not come packed.
  std::size_t held_bytes() const { return held_bytes_; }
  std::vector<PackedInput> packed(std::size_t input) const {
    return packed_ ? std::vector{PackedInput{input, packed_}} : std::vector<PackedInput>();
  }

 private:
  std::shared_ptr<const Packed> packed_;
  std::optional<Tensor> kept_;  // packed in a layout that has no name
  std::size_t held_bytes_ = 0;
};

/// The layouts to ask a primitive to take weights in, best first: where the weights are packed already, that layout; where constant, any.
std::vector<Memory::desc> weight_layouts(const Fact& fact, const Memory::desc& plain);

}  // namespace temper::onednn
