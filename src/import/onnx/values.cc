#include "import/onnx/values.h"

#include <array>

namespace temper::onnx {
namespace {

constexpr int kExternal = 1;
enum Number : std::uint8_t {
  kFloat = 1, kUint8, kInt8, kUint16, kInt16, kInt32, kInt64, kString, kBool, kFloat16, kDouble, kUint32, kUint64, kComplex64, kComplex128,
  kBfloat16, kFloat8E4M3FN, kFloat8E4M3FNUZ, kFloat8E5M2, kFloat8E5M2FNUZ, kUint4, kInt4
};

/// How many elements a tensor holds whose elements are typed fields.
std::size_t field_count(const TensorProto& proto) {
  switch (proto.data_type()) {
    case kFloat: return static_cast<std::size_t>(proto.float_data_size());
    case kDouble: return static_cast<std::size_t>(proto.double_data_size());
    case kInt64: return static_cast<std::size_t>(proto.int64_data_size());
    case kUint32: case kUint64: return static_cast<std::size_t>(proto.uint64_data_size());
    case kString: return static_cast<std::size_t>(proto.string_data_size());
    default: return static_cast<std::size_t>(proto.int32_data_size());
  }
}

/// Bytes of `count` elements in a file.
std::size_t stored_bytes(std::int64_t type, std::int64_t count) {
  const auto elements = static_cast<std::size_t>(count);
  return is_packed(type) ? (elements + 1) / 2 : elements * size_of(to_dtype(type));
}

Shape dims_of(const TensorProto& proto) {
  require(proto.dims_size() <= static_cast<int>(kMaxRank), "a tensor of {} dimensions is not supported, at most {} are", proto.dims_size(),
          kMaxRank);
  for (const std::int64_t dim : proto.dims()) require(dim >= 0, "a tensor has a dimension of {}", dim);
  return Shape(std::span(proto.dims().data(), static_cast<std::size_t>(proto.dims_size())));
}

/// Two to a byte, the first in the low half.
void unpack(std::span<const std::byte> packed, Tensor& tensor) {
  const bool is_signed_type = tensor.dtype() == DType::kInt8;
  const auto out = tensor.mutable_bytes();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto half = static_cast<unsigned>(packed[i / 2]) >> (i % 2 == 0 ? 0U : 4U) & 0xfU;
    out[i] = static_cast<std::byte>(is_signed_type && half >= 8 ? half | 0xf0U : half);
  }
}

/// Other bytes than 0 and 1 are not bools.
void make_bools(Tensor& tensor) {
  const auto bytes = tensor.mutable_bytes();
  std::ranges::transform(bytes, bytes.begin(), [](std::byte b) { return std::byte{b != std::byte{0}}; });
}

Tensor from_bytes(std::span<const std::byte> bytes, std::int64_t type, const Shape& shape) {
  Tensor tensor(to_dtype(type), shape);
  if (is_packed(type)) unpack(bytes, tensor);
  else std::ranges::copy(bytes, tensor.mutable_bytes().begin());
  if (tensor.dtype() == DType::kBool) make_bools(tensor);
  return tensor;
}

Tensor from_file(const ExternalRange& range, std::int64_t type, const Shape& shape) {
  if (is_packed(type)) {
    std::vector<std::byte> packed(range.size_bytes);
    range.file->read(range.offset, packed);
    return from_bytes(packed, type, shape);
  }
  Tensor tensor(to_dtype(type), shape);
  range.file->read(range.offset, tensor.mutable_bytes());
  if (tensor.dtype() == DType::kBool) make_bools(tensor);
  return tensor;
}

Tensor from_raw(TensorProto& proto, const Shape& shape) {
  const DType dtype = to_dtype(proto.data_type());
  if (dtype == DType::kBool || is_packed(proto.data_type())) {
    return from_bytes(std::as_bytes(std::span(proto.raw_data())), proto.data_type(), shape);
  }
  const std::shared_ptr<const std::string> content(proto.release_raw_data());
  return {dtype, shape, content, reinterpret_cast<const std::byte*>(content->data())};
}

template <class T>
void copy_fields(Tensor& tensor, const auto& values) {
  std::ranges::transform(values, tensor.mutable_data<T>().begin(), [](auto value) { return static_cast<T>(value); });
}

Tensor from_fields(TensorProto& proto, const Shape& shape) {
  const DType dtype = to_dtype(proto.data_type());
  if (dtype == DType::kString) {
    return Tensor::strings(shape, {proto.string_data().begin(), proto.string_data().end()});
  }
  if (is_packed(proto.data_type())) {
    std::vector<std::byte> packed;
    for (const std::int32_t value : proto.int32_data()) packed.push_back(static_cast<std::byte>(value & 0xff));
    return from_bytes(packed, proto.data_type(), shape);
  }
  Tensor tensor(dtype, shape);
  switch (dtype) {
    case DType::kFloat32: copy_fields<float>(tensor, proto.float_data()); break;
    case DType::kFloat64: copy_fields<double>(tensor, proto.double_data()); break;
    case DType::kInt64: copy_fields<std::int64_t>(tensor, proto.int64_data()); break;
    case DType::kUInt32: copy_fields<std::uint32_t>(tensor, proto.uint64_data()); break;
    case DType::kUInt64: copy_fields<std::uint64_t>(tensor, proto.uint64_data()); break;
    case DType::kBool: copy_fields<bool>(tensor, proto.int32_data()); break;
    case DType::kFloat16: case DType::kBFloat16: {  // by their bits
      auto* const out = reinterpret_cast<std::uint16_t*>(tensor.mutable_bytes().data());
      std::ranges::transform(proto.int32_data(), out, [](std::int32_t bits) { return static_cast<std::uint16_t>(bits); });
      break;
    }
    default: visit_integers(dtype, [&]<class T>(temper::Type<T>) { copy_fields<T>(tensor, proto.int32_data()); });
  }
  return tensor;
}

}  // namespace

bool is_packed(std::int64_t type) { return type == kUint4 || type == kInt4; }

DType to_dtype(std::int64_t type) {
  static constexpr std::array<std::string_view, 23> kNames = {
      "undefined", "float", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16", "double", "uint32", "uint64",
      "complex64", "complex128", "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4", "int4"};
  switch (type) {
    case kFloat: return DType::kFloat32;
    case kUint8: case kUint4: return DType::kUInt8;
    case kInt8: case kInt4: return DType::kInt8;
    case kUint16: return DType::kUInt16;
    case kInt16: return DType::kInt16;
    case kInt32: return DType::kInt32;
    case kInt64: return DType::kInt64;
    case kString: return DType::kString;
    case kBool: return DType::kBool;
    case kFloat16: return DType::kFloat16;
    case kDouble: return DType::kFloat64;
    case kUint32: return DType::kUInt32;
    case kUint64: return DType::kUInt64;
    case kBfloat16: return DType::kBFloat16;
    default: break;
  }
  const bool known = type >= 0 && type < static_cast<std::int64_t>(kNames.size());
  throw ModelError(fmt::format("element type {} is not supported", known ? kNames[static_cast<std::size_t>(type)] : fmt::format("{}", type)));
}

Fact declared_fact(const TypeProto& type) {
  if (type.has_sequence_type()) return {DType::kList, Shape{}, {}};
  require(type.has_tensor_type(), "is declared to be neither a tensor nor a sequence of tensors, which is not supported");
  Fact fact{to_dtype(type.tensor_type().elem_type()), {}, {}};
  if (!type.tensor_type().has_shape()) return fact;
  const TensorShapeProto& shape = type.tensor_type().shape();
  require(shape.dim_size() <= static_cast<int>(kMaxRank), "a shape of {} dimensions is not supported, at most {} are", shape.dim_size(), kMaxRank);
  std::vector<Dim> dims;
  for (const auto& dim : shape.dim()) dims.push_back(dim.has_dim_value() && dim.dim_value() >= 0 ? Dim(dim.dim_value()) : Dim());
  fact.shape = ShapeFact(std::move(dims));
  return fact;
}

Fact tensor_fact(const TensorProto& proto, ExternalFiles& files) {
  const Fact fact{to_dtype(proto.data_type()), dims_of(proto), {}};
  const std::int64_t count = fact.shape.elements().value();
  const bool external = proto.data_location() == kExternal;
  if (fact.dtype == DType::kString) {
    require(!external && !proto.has_raw_data(), "strings cannot be raw data");
  } else if (external || proto.has_raw_data()) {
    require(count <= kMaxDim / 16, "a tensor {} is too large", fact);
    const std::size_t found = external ? files.find(proto).size_bytes : proto.raw_data().size();
    const std::size_t wanted = stored_bytes(proto.data_type(), count);
    require(found == wanted, "a tensor {} holds {} bytes where {} are needed", fact, found, wanted);
    return fact;
  }
  const auto wanted = static_cast<std::size_t>(is_packed(proto.data_type()) ? (count + 1) / 2 : count);
  require(field_count(proto) == wanted, "a tensor {} holds {} elements", fact, field_count(proto));
  return fact;
}

Tensor take_tensor(TensorProto& proto, ExternalFiles& files) {
  const Shape shape = *tensor_fact(proto, files).shape.known();
  if (proto.data_location() == kExternal) return from_file(files.find(proto), proto.data_type(), shape);
  return proto.has_raw_data() ? from_raw(proto, shape) : from_fields(proto, shape);
}

const AttributeProto* find_attribute(const NodeProto& node, std::string_view name, const CallAttributes& call) {
  for (const AttributeProto& attribute : node.attribute()) {
    if (attribute.name() != name) continue;
    if (!attribute.has_ref_attr_name() || attribute.ref_attr_name().empty()) return &attribute;
    const auto given = call.find(attribute.ref_attr_name());
    return given == call.end() ? nullptr : given->second;
  }
  return nullptr;
}

std::optional<Attribute> NodeAttributes::find(std::string_view name) const {
  const AttributeProto* value = find_attribute(node_, name, call_);
  if (value == nullptr) return std::nullopt;
  switch (value->type()) {
    case AttributeProto::FLOAT: return static_cast<double>(value->f());
    case AttributeProto::INT: return std::int64_t{value->i()};
    case AttributeProto::STRING: return value->s();
    case AttributeProto::FLOATS: return std::vector<double>(value->floats().begin(), value->floats().end());
    case AttributeProto::INTS: return std::vector<std::int64_t>(value->ints().begin(), value->ints().end());
    case AttributeProto::STRINGS: return std::vector<std::string>(value->strings().begin(), value->strings().end());
    case AttributeProto::TENSOR: {
      TensorProto copy = value->t();
      return take_tensor(copy, files_);
    }
    default: break;
  }
  throw ModelError(fmt::format("attribute '{}' is of a kind ({}) that is not supported", name, value->type()));
}

}  // namespace temper::onnx
