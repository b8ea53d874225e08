#pragma once
#include <map>

#include "ir/tensor.h"
#include "plan/file/bytes.h"
#include "plan/file/container.h"

namespace temper {

/// Element types have these numbers in files, whatever they have in memory: new ones are added at the end.
void write_dtype(ByteWriter& to, DType dtype);
DType read_dtype(ByteReader& from);

/// Writes descriptions of tensors, and gathers their elements in two sections: small ones, which what is inferred may depend
/// on, and weights. Equal elements are kept once.
class TensorWriter {
 public:
  /// Lists may lie in one another. Throws ModelError where that is too deep to be read again.
  void write(ByteWriter& to, const Tensor& tensor) { write(to, tensor, 0); }

  SectionOut constants() const { return section(kConstantsSection, kTensorAlignment, constants_); }
  SectionOut weights() const { return section(kWeightsSection, kPageSize, weights_); }

 private:
  struct Placed {
    std::size_t offset = 0;
    Tensor tensor;
  };
  struct Pool {
    std::vector<Placed> placed;
    std::multimap<std::uint64_t, std::size_t> by_checksum;
    std::size_t end = 0;
  };

  void write(ByteWriter& to, const Tensor& tensor, std::size_t depth);
  static std::size_t place(Pool& pool, const Tensor& tensor);
  static SectionOut section(std::string_view name, std::size_t alignment, const Pool& pool);

  Pool constants_;
  Pool weights_;
};

/// Reads descriptions; the elements stay where they are in the mapped file.
class TensorReader {
 public:
  TensorReader(std::shared_ptr<const void> owner, std::span<const std::byte> constants, std::span<const std::byte> weights)
      : owner_(std::move(owner)), constants_(constants), weights_(weights) {}

  Tensor read(ByteReader& from) const { return read(from, 0); }

 private:
  Tensor read(ByteReader& from, std::size_t depth) const;
  Tensor read_dense(ByteReader& from, DType dtype, const Shape& shape) const;

  std::shared_ptr<const void> owner_;
  std::span<const std::byte> constants_;
  std::span<const std::byte> weights_;
};

}  // namespace temper
