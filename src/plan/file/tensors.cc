#include "plan/file/tensors.h"

#include "base/file.h"
#include "plan/file/checksum.h"

namespace temper {
namespace {

constexpr std::array kDTypes{DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64, DType::kInt8,
                             DType::kInt16,   DType::kInt32,    DType::kInt64,   DType::kUInt8,   DType::kUInt16,
                             DType::kUInt32,  DType::kUInt64,   DType::kBool,    DType::kString,  DType::kList};

/// Fewer bytes than a page are small.
constexpr std::size_t kWeightBytes = kPageSize;
constexpr std::size_t kMostListDepth = 16;
/// What a tensor's description takes at least.
constexpr std::size_t kLeastTensorBytes = 2;

enum class Place : std::uint8_t { kNone, kConstants, kWeights };

}  // namespace

void write_dtype(ByteWriter& to, DType dtype) {
  const auto found = std::ranges::find(kDTypes, dtype);
  invariant(found != kDTypes.end(), "{} has no number in plans", dtype);
  to.put(static_cast<std::uint8_t>(found - kDTypes.begin()));
}

DType read_dtype(ByteReader& from) {
  const auto number = from.get<std::uint8_t>();
  require(number < kDTypes.size(), "it has an element type {}, which is not known", number);
  return kDTypes[number];
}

void TensorWriter::write(ByteWriter& to, const Tensor& tensor, std::size_t depth) {
  require(depth < kMostListDepth, "lists of tensors lie more than {} deep in one another", kMostListDepth);
  write_dtype(to, tensor.dtype());
  to.put(static_cast<std::uint8_t>(tensor.rank()));
  for (const std::int64_t dim : tensor.shape()) to.put(dim);
  if (tensor.dtype() == DType::kString) {
    for (const std::string& text : tensor.string_data()) to.text(text);
  } else if (tensor.dtype() == DType::kList) {
    to.count(tensor.items().size());
    for (const Tensor& item : tensor.items()) write(to, item, depth + 1);
  } else if (tensor.size_bytes() == 0) {
    to.put(Place::kNone);
  } else {
    const bool small = tensor.size_bytes() < kWeightBytes;
    to.put(small ? Place::kConstants : Place::kWeights);
    to.put(static_cast<std::uint64_t>(place(small ? constants_ : weights_, tensor)));
  }
}

/// The offset of the tensor's elements.
std::size_t TensorWriter::place(Pool& pool, const Tensor& tensor) {
  const std::uint64_t sum = checksum(tensor.bytes());
  release_mapped(tensor.bytes());
  const auto [first, last] = pool.by_checksum.equal_range(sum);
  for (auto known = first; known != last; ++known) {
    const Placed& placed = pool.placed[known->second];
    const bool same = placed.tensor.bytes().data() == tensor.bytes().data();
    if (placed.tensor.size_bytes() != tensor.size_bytes()) continue;
    if (same || std::ranges::equal(placed.tensor.bytes(), tensor.bytes())) return placed.offset;
  }
  const std::size_t offset = (pool.end + kTensorAlignment - 1) / kTensorAlignment * kTensorAlignment;
  pool.by_checksum.emplace(sum, pool.placed.size());
  pool.placed.push_back({offset, tensor});
  pool.end = offset + tensor.size_bytes();
  return offset;
}

SectionOut TensorWriter::section(std::string_view name, std::size_t alignment, const Pool& pool) {
  SectionOut section{std::string(name), alignment, {}};
  for (const Placed& placed : pool.placed) section.pieces.push_back({placed.offset, placed.tensor.bytes()});
  return section;
}

Tensor TensorReader::read(ByteReader& from, std::size_t depth) const {
  require(depth < kMostListDepth, "its lists of tensors lie more than {} deep in one another", kMostListDepth);
  const DType dtype = read_dtype(from);
  const auto rank = from.get<std::uint8_t>();
  Shape shape;
  for (std::size_t axis = 0; axis < rank; ++axis) shape.push_back(from.get<std::int64_t>());
  if (dtype == DType::kString) {
    const auto count = static_cast<std::size_t>(shape.elements());
    require(count <= from.left() / sizeof(std::uint32_t), "it has no room for a string tensor of shape {}", shape);
    std::vector<std::string> values;
    for (std::size_t i = 0; i < count; ++i) values.emplace_back(from.text());
    return Tensor::strings(shape, std::move(values));
  }
  if (dtype == DType::kList) {
    require(shape == Shape{} || shape == Shape{0}, "it has a list of shape {}", shape);  // a list, and a slot that is not set
    auto items = std::make_shared<Tensors>();
    const std::size_t count = from.count(kLeastTensorBytes);
    for (std::size_t i = 0; i < count; ++i) items->push_back(read(from, depth + 1));
    return {dtype, shape, std::move(items), nullptr};
  }
  return read_dense(from, dtype, shape);
}

Tensor TensorReader::read_dense(ByteReader& from, DType dtype, const Shape& shape) const {
  std::size_t size = 0;
  require(!__builtin_mul_overflow(static_cast<std::size_t>(shape.elements()), size_of(dtype), &size),
          "it has a tensor of shape {}, which is too large", shape);
  const auto place = from.get<std::uint8_t>();
  require(place <= static_cast<std::uint8_t>(Place::kWeights) && (size == 0) == (place == 0),
          "it does not say where the elements of a tensor are");
  if (size == 0) return {dtype, shape};
  const auto section = static_cast<Place>(place) == Place::kConstants ? constants_ : weights_;
  const auto offset = from.get<std::uint64_t>();
  require(offset <= section.size() && size <= section.size() - offset && offset % kTensorAlignment == 0,
          "it has a tensor of shape {} that lies outside the section of its elements", shape);
  const auto bytes = section.subspan(offset, size);
  require(dtype != DType::kBool || std::ranges::all_of(bytes, [](std::byte b) { return b <= std::byte{1}; }),
          "it has bools that are neither true nor false");
  return {dtype, shape, owner_, bytes.data()};
}

}  // namespace temper
