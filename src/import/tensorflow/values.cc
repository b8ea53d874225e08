#include "import/tensorflow/values.h"

#include <cstring>

#include "base/memory.h"

namespace temper::tensorflow {
namespace {

/// A constant of more than this is no constant of a GraphDef, whose messages end at 2 GB.
constexpr std::int64_t kMaxConstantBytes = std::int64_t{1} << 31;

/// Fills the tensor from a list of values: each in turn, then the last one repeated; zeros where there is none.
template <class T, class Values>
void fill(Tensor& tensor, const Values& values, auto&& convert) {
  const auto out = tensor.mutable_data<T>();
  require(static_cast<std::size_t>(values.size()) <= out.size(), "a constant of shape {} has {} values",
          tensor.shape(), values.size());
  std::size_t i = 0;
  T last{};
  for (const auto& value : values) out[i++] = last = static_cast<T>(convert(value));
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(i), out.end(), last);
}

constexpr auto kSame = [](auto value) { return value; };
template <class T>
constexpr auto kFromBits = [](std::int32_t bits) {
  T value;
  value.bits = static_cast<std::uint16_t>(bits);
  return value;
};

Tensor from_values(const TensorProto& proto, DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  switch (dtype) {
    case DType::kFloat32: fill<float>(tensor, proto.float_val(), kSame); break;
    case DType::kFloat64: fill<double>(tensor, proto.double_val(), kSame); break;
    case DType::kFloat16: fill<Half>(tensor, proto.half_val(), kFromBits<Half>); break;
    case DType::kBFloat16: fill<BFloat16>(tensor, proto.half_val(), kFromBits<BFloat16>); break;
    case DType::kInt64: fill<std::int64_t>(tensor, proto.int64_val(), kSame); break;
    case DType::kUInt32: fill<std::uint32_t>(tensor, proto.uint32_val(), kSame); break;
    case DType::kUInt64: fill<std::uint64_t>(tensor, proto.uint64_val(), kSame); break;
    case DType::kBool: fill<bool>(tensor, proto.bool_val(), kSame); break;
    default:
      visit_integers(dtype, [&]<class T>(Type<T>) { fill<T>(tensor, proto.int_val(), kSame); });
  }
  return tensor;
}

Tensor from_strings(TensorProto& proto, const Shape& shape) {
  const auto count = static_cast<std::size_t>(shape.elements());
  const auto given = static_cast<std::size_t>(proto.string_val_size());
  require(given <= count, "a constant of shape {} has {} strings", shape, given);
  require(count == given || count <= (1 << 20), "a constant of {} strings has {}", count, given);
  std::vector<std::string> values(count);
  for (std::size_t i = 0; i < count && given > 0; ++i) values[i] = proto.string_val(static_cast<int>(std::min(i, given - 1)));
  return Tensor::strings(shape, std::move(values));
}

bool in_file(const TensorProto& proto) { return proto.tensor_content().empty() && proto.content_number() > 0; }

void check_content_size(std::size_t found, DType dtype, const Shape& shape) {
  const std::size_t wanted = static_cast<std::size_t>(shape.elements()) * size_of(dtype);
  require(found == wanted, "a constant {}{} holds {} bytes where {} are needed", dtype, shape, found, wanted);
}

Tensor from_content(TensorProto& proto, const Contents& contents, DType dtype, const Shape& shape) {
  if (!in_file(proto) && dtype != DType::kBool) {
    const std::shared_ptr<const std::string> content(proto.release_tensor_content());
    return {dtype, shape, content, reinterpret_cast<const std::byte*>(content->data())};
  }
  Tensor tensor(dtype, shape);
  const auto bytes = tensor.mutable_bytes();
  if (in_file(proto)) contents.read(proto.content_number(), bytes);
  else std::ranges::copy(std::as_bytes(std::span(proto.tensor_content())), bytes.begin());
  if (dtype == DType::kBool) {  // other bytes than 0 and 1 are not bools
    std::ranges::transform(bytes, bytes.begin(), [](std::byte b) { return std::byte{b != std::byte{0}}; });
  }
  return tensor;
}

Attribute to_list(const AttrValue::ListValue& list) {
  if (list.s_size() > 0) return std::vector<std::string>(list.s().begin(), list.s().end());
  if (list.f_size() > 0) return std::vector<double>(list.f().begin(), list.f().end());
  if (list.b_size() > 0) return std::vector<std::int64_t>(list.b().begin(), list.b().end());
  if (list.type_size() > 0) {
    std::vector<std::string> names;
    for (const int type : list.type()) names.emplace_back(dtype_name(to_dtype(static_cast<DataType>(type))));
    return names;
  }
  return std::vector<std::int64_t>(list.i().begin(), list.i().end());
}

}  // namespace

DType to_dtype(DataType type) {
  constexpr int kReference = 100;
  switch (type > kReference ? static_cast<DataType>(type - kReference) : type) {
    case DT_FLOAT: return DType::kFloat32;
    case DT_DOUBLE: return DType::kFloat64;
    case DT_HALF: return DType::kFloat16;
    case DT_BFLOAT16: return DType::kBFloat16;
    case DT_INT8: case DT_QINT8: return DType::kInt8;
    case DT_INT16: case DT_QINT16: return DType::kInt16;
    case DT_INT32: case DT_QINT32: return DType::kInt32;
    case DT_INT64: return DType::kInt64;
    case DT_UINT8: case DT_QUINT8: return DType::kUInt8;
    case DT_UINT16: case DT_QUINT16: return DType::kUInt16;
    case DT_UINT32: return DType::kUInt32;
    case DT_UINT64: return DType::kUInt64;
    case DT_BOOL: return DType::kBool;
    case DT_STRING: return DType::kString;
    case DT_RESOURCE: case DT_VARIANT: return DType::kList;
    default: break;
  }
  const std::string& name = DataType_Name(type);
  throw ModelError(fmt::format("element type {} is not supported", name.empty() ? fmt::format("{}", int{type}) : name));
}

ShapeFact to_shape(const TensorShapeProto& shape) {
  if (shape.unknown_rank()) return {};
  require(shape.dim_size() <= static_cast<int>(kMaxRank), "a shape of {} dimensions is not supported, at most {} are",
          shape.dim_size(), kMaxRank);
  std::vector<Dim> dims;
  for (const auto& dim : shape.dim()) {
    require(dim.size() >= -1, "a shape has a dimension of {}", dim.size());
    dims.push_back(dim.size() < 0 ? Dim() : Dim(dim.size()));
  }
  return ShapeFact(std::move(dims));
}

Fact tensor_fact(const TensorProto& proto, const Contents& contents) {
  const DType dtype = to_dtype(proto.dtype());
  require(dtype != DType::kList, "a constant of type {} is not supported", DataType_Name(proto.dtype()));
  const auto shape = to_shape(proto.tensor_shape()).known();
  require(shape.has_value(), "a constant has unknown dimensions");
  if (dtype == DType::kString) return {dtype, *shape, {}};
  require(shape->elements() <= kMaxConstantBytes / static_cast<std::int64_t>(size_of(dtype)),
          "a constant of shape {} is too large", *shape);
  if (in_file(proto)) check_content_size(contents.size_bytes(proto.content_number()), dtype, *shape);
  else if (!proto.tensor_content().empty()) check_content_size(proto.tensor_content().size(), dtype, *shape);
  return {dtype, *shape, {}};
}

Tensor take_tensor(TensorProto& proto, const Contents& contents) {
  const Fact fact = tensor_fact(proto, contents);
  const Shape shape = *fact.shape.known();
  if (fact.dtype == DType::kString) return from_strings(proto, shape);
  if (in_file(proto) || !proto.tensor_content().empty()) return from_content(proto, contents, fact.dtype, shape);
  return from_values(proto, fact.dtype, shape);
}

const AttrValue* find_attribute(const NodeDef& node, std::string_view name) {
  const auto found = node.attr().find(std::string(name));
  return found == node.attr().end() ? nullptr : &found->second;
}

std::optional<Attribute> NodeAttributes::find(std::string_view name) const {
  const AttrValue* value = find_attribute(node_, name);
  if (value == nullptr) return std::nullopt;
  switch (value->value_case()) {
    case AttrValue::kS: return value->s();
    case AttrValue::kI: return value->i();
    case AttrValue::kF: return static_cast<double>(value->f());
    case AttrValue::kB: return value->b();
    case AttrValue::kType: return to_dtype(value->type());
    case AttrValue::kList: return to_list(value->list());
    case AttrValue::kTensor: {
      TensorProto copy = value->tensor();
      return take_tensor(copy, contents_);
    }
    case AttrValue::kShape: {
      if (value->shape().unknown_rank()) return std::nullopt;
      std::vector<std::int64_t> dims;
      for (const auto& dim : value->shape().dim()) dims.push_back(dim.size());
      return dims;
    }
    case AttrValue::kPlaceholder: case AttrValue::kFunc: case AttrValue::VALUE_NOT_SET: break;
  }
  return std::nullopt;
}

}  // namespace temper::tensorflow
