#include "cli/io/npy.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

namespace temper {
namespace {

/// What the header's dictionary says.
struct Header {
  std::string descr;
  bool fortran_order = false;
  Shape shape;
};

/// Reads the Python dictionary literal that NumPy writes: keys to strings, booleans, and tuples of integers.
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  Header parse() {
    Header header;
    int found = 0;
    expect('{');
    while (!take('}')) {
      const std::string key = string();
      expect(':');
      if (key == "descr") {
        require(peek() != '[', "the array has records as elements, which tensors cannot have");
        header.descr = string();
        found |= 1;
      } else if (key == "fortran_order") {
        header.fortran_order = boolean();
        found |= 2;
      } else if (key == "shape") {
        header.shape = shape();
        found |= 4;
      } else {
        throw ModelError(fmt::format("the .npy header has an unknown key '{}'", key));
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    require(found == 7, "the .npy header lacks one of descr, fortran_order, shape");
    return header;
  }

 private:
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) { require(take(c), "the .npy header is damaged: '{}' expected at byte {}", c, at_); }

  std::string string() {
    const char quote = peek();
    require(quote == '\'' || quote == '"', "the .npy header is damaged: a string expected at byte {}", at_);
    const std::size_t end = text_.find(quote, ++at_);
    require(end != std::string_view::npos, "the .npy header is damaged: a string does not end");
    std::string value(text_.substr(at_, end - at_));
    at_ = end + 1;
    return value;
  }

  bool boolean() {
    peek();
    for (const std::string_view word : {"True", "False"}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return word == "True";
      }
    }
    throw ModelError("the .npy header is damaged: fortran_order is neither True nor False");
  }

  Shape shape() {
    Shape shape;
    expect('(');
    while (!take(')')) {
      peek();
      std::int64_t dim = 0;
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), dim);
      require(error == std::errc() && dim >= 0, "the .npy header is damaged: a dim expected at byte {}", at_);
      require(shape.rank() < kMaxRank, "the array has more than {} dimensions", kMaxRank);
      at_ = static_cast<std::size_t>(end - text_.data());
      shape.push_back(dim);
      if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // as Python 2 wrote long integers
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// An element type as "descr" writes it: byte order, kind, bytes.
struct ElementType {
  bool big_endian = false;
  char kind = 0;
  std::size_t size_bytes = 0;
};

ElementType parse_descr(std::string_view descr) {
  ElementType type;
  std::string_view rest = descr;
  if (!rest.empty() && std::string_view("<>|=").find(rest.front()) != std::string_view::npos) {
    type.big_endian = rest.front() == '>';
    rest.remove_prefix(1);
  }
  if (!rest.empty()) {
    type.kind = rest.front();
    const auto [end, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), type.size_bytes);
    if (error == std::errc() && end == rest.data() + rest.size() && type.size_bytes < (std::size_t{1} << 30)) {
      return type;
    }
  }
  throw ModelError(fmt::format("elements of type '{}' cannot be read", descr));
}

std::optional<DType> number_type(const ElementType& type) {
  const auto choose = [&](std::string_view stem) { return find_dtype(fmt::format("{}{}", stem, type.size_bytes * 8)); };
  switch (type.kind) {
    case 'b':
      return type.size_bytes == 1 ? std::optional(DType::kBool) : std::nullopt;
    case 'i':
      return choose("int");
    case 'u':
      return choose("uint");
    case 'f':
      return choose("float");
    default:
      return std::nullopt;
  }
}

void append_utf8(std::string& text, std::uint32_t code) {
  require(code < 0x110000, "a string of the array holds no Unicode character: {:#x}", code);
  const auto byte = [&](std::uint32_t value) { text += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0 | (code >> 6));
    byte(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    byte(0xe0 | (code >> 12));
    byte(0x80 | ((code >> 6) & 0x3f));
    byte(0x80 | (code & 0x3f));
  } else {
    byte(0xf0 | (code >> 18));
    byte(0x80 | ((code >> 12) & 0x3f));
    byte(0x80 | ((code >> 6) & 0x3f));
    byte(0x80 | (code & 0x3f));
  }
}

std::string decode_string(const std::byte* data, const ElementType& type) {
  if (type.kind == 'S') {
    std::string text(reinterpret_cast<const char*>(data), type.size_bytes);
    text.resize(text.find_last_not_of('\0') + 1);
    return text;
  }
  std::string text;
  for (std::size_t i = 0; i < type.size_bytes; ++i) {
    std::uint32_t code = 0;
    std::memcpy(&code, data + i * 4, 4);
    if (type.big_endian) code = __builtin_bswap32(code);
    if (code == 0) break;
    append_utf8(text, code);
  }
  return text;
}

/// For each element in row-major order, its place in Fortran order.
template <class Body>
void for_each_fortran_place(const Shape& shape, Body&& body) {
  std::array<std::int64_t, kMaxRank> strides{};
  std::int64_t stride = 1;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  std::array<std::int64_t, kMaxRank> at{};
  std::int64_t place = 0;
  for (std::int64_t element = 0; element < stride; ++element) {
    body(static_cast<std::size_t>(element), static_cast<std::size_t>(place));
    for (std::size_t axis = shape.rank(); axis-- > 0;) {
      place += strides[axis];
      if (++at[axis] < shape[axis]) break;
      place -= strides[axis] * shape[axis];
      at[axis] = 0;
    }
  }
}

void swap_bytes(std::span<std::byte> bytes, std::size_t size_bytes) {
  for (std::size_t at = 0; at + size_bytes <= bytes.size(); at += size_bytes) {
    std::ranges::reverse(bytes.subspan(at, size_bytes));
  }
}

Tensor decode_numbers(DType dtype, const Header& header, const ElementType& type, std::span<const std::byte> data) {
  Tensor tensor(dtype, header.shape);
  const auto out = tensor.mutable_bytes();
  if (out.empty()) return tensor;
  if (header.fortran_order && header.shape.rank() > 1) {
    for_each_fortran_place(header.shape, [&](std::size_t to, std::size_t from) {
      std::memcpy(out.data() + to * type.size_bytes, data.data() + from * type.size_bytes, type.size_bytes);
    });
  } else {
    std::memcpy(out.data(), data.data(), out.size());
  }
  if (type.big_endian) swap_bytes(out, type.size_bytes);
  if (dtype == DType::kBool) {
    for (std::byte& value : out) value = std::byte{value != std::byte{0}};
  }
  return tensor;
}

Header read_header(std::span<const std::byte> bytes, std::size_t& data_offset) {
  constexpr std::string_view kMagic = "\x93NUMPY";
  require(bytes.size() >= 10 && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0,
          "is no .npy file: it does not begin with \\x93NUMPY");
  const auto byte = [&](std::size_t at) { return std::to_integer<std::size_t>(bytes[at]); };
  const std::size_t version = byte(6);
  require(version >= 1 && version <= 3, "is a .npy file of version {}, of which nothing is known", version);
  std::size_t length = byte(8) | (byte(9) << 8);
  data_offset = 10;
  if (version > 1) {
    require(bytes.size() >= 12, "the .npy header is cut off");
    length |= (byte(10) << 16) | (byte(11) << 24);
    data_offset = 12;
  }
  require(length <= bytes.size() - data_offset, "the .npy header is cut off");
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + data_offset, length);
  data_offset += length;
  return HeaderParser(text).parse();
}

std::string encode_array(std::string_view descr, const Shape& shape, std::span<const std::byte> data) {
  std::string dims;
  for (const std::int64_t dim : shape) dims += fmt::format("{}, ", dim);
  if (shape.rank() > 1) dims.resize(dims.size() - 2);
  if (shape.rank() == 1) dims.pop_back();
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, dims);
  const std::size_t total = (10 + header.size() + 1 + 63) / 64 * 64;  // data begin at a multiple of 64
  header.append(total - 10 - header.size() - 1, ' ');
  header += '\n';
  std::string out = "\x93NUMPY";
  out += '\1';
  out += '\0';
  out += static_cast<char>(header.size() & 0xff);
  out += static_cast<char>(header.size() >> 8);
  out += header;
  out.append(reinterpret_cast<const char*>(data.data()), data.size());
  return out;
}

std::string encode_strings(const Tensor& tensor) {
  std::size_t width = 1;
  for (const std::string& text : tensor.string_data()) width = std::max(width, text.size());
  require(width <= (std::size_t{1} << 31) / std::max<std::size_t>(1, tensor.string_data().size()),
          "strings of up to {} bytes are too large for one array", width);
  std::string data;
  for (std::string text : tensor.string_data()) {
    text.resize(width, '\0');
    data += text;
  }
  return encode_array(fmt::format("|S{}", width), tensor.shape(), std::as_bytes(std::span(data)));
}

}  // namespace

Tensor decode_npy(std::span<const std::byte> bytes) {
  std::size_t offset = 0;
  const Header header = read_header(bytes, offset);
  const ElementType type = parse_descr(header.descr);
  const bool strings = type.kind == 'S' || type.kind == 'U';
  const auto dtype = number_type(type);
  require(strings || dtype.has_value(),
          "elements of type '{}' cannot be read; tensors hold numbers, booleans and strings", header.descr);
  const auto elements = static_cast<std::size_t>(header.shape.elements());
  const std::size_t element_bytes = type.kind == 'U' ? type.size_bytes * 4 : type.size_bytes;
  std::size_t needed = 0;
  require(!__builtin_mul_overflow(elements, element_bytes, &needed) && needed <= bytes.size() - offset,
          "the array is cut off: {} elements of {} bytes follow a header of {}, but the file has {} bytes", elements,
          element_bytes, offset, bytes.size());
  const auto data = bytes.subspan(offset, needed);
  if (!strings) return decode_numbers(*dtype, header, type, data);
  require(elements < (1U << 28) && (element_bytes > 0 || elements < (1U << 16)), "{} strings are too many", elements);
  std::vector<std::string> values(elements);
  const auto decode = [&](std::size_t to, std::size_t from) {
    values[to] = decode_string(data.data() + from * element_bytes, type);
  };
  if (header.fortran_order) {
    for_each_fortran_place(header.shape, decode);
  } else {
    for (std::size_t i = 0; i < elements; ++i) decode(i, i);
  }
  return Tensor::strings(header.shape, std::move(values));
}

std::string encode_npy(const Tensor& tensor) {
  require(tensor.dtype() != DType::kList, "a list of tensors cannot be written as an array");
  if (tensor.dtype() == DType::kString) return encode_strings(tensor);
  if (tensor.dtype() == DType::kBFloat16) {
    Tensor wide(DType::kFloat32, tensor.shape());
    std::ranges::transform(tensor.data<BFloat16>(), wide.mutable_data<float>().begin(),
                           [](BFloat16 value) { return static_cast<float>(value); });
    return encode_npy(wide);
  }
  const std::size_t size_bytes = size_of(tensor.dtype());
  const char kind = tensor.dtype() == DType::kBool ? 'b'
                    : is_float(tensor.dtype())     ? 'f'
                    : is_signed(tensor.dtype())    ? 'i'
                                                   : 'u';
  return encode_array(fmt::format("{}{}{}", size_bytes == 1 ? '|' : '<', kind, size_bytes), tensor.shape(),
                      tensor.bytes());
}

}  // namespace temper
