#include "import/keras/hdf5_messages.h"

#include <set>

namespace temper::keras {
namespace {

constexpr std::size_t kMaxMessages = 1 << 16;
constexpr std::uint64_t kMaxHeaderBytes = std::uint64_t{1} << 26;

enum Message : int {
  kDataspace = 0x01,
  kLinkInfo = 0x02,
  kDatatype = 0x03,
  kLink = 0x06,
  kLayout = 0x08,
  kFilters = 0x0B,
  kAttribute = 0x0C,
  kContinuation = 0x10,
  kSymbolTable = 0x11,
  kAttributeInfo = 0x15,
};

/// Reads all messages of one header.
class HeaderReader {
 public:
  explicit HeaderReader(const Hdf5Bytes& file) : file_(file) {}

  Hdf5Header read(std::uint64_t address) {
    const auto start = file_.read(address, std::min<std::uint64_t>(16, file_.available(address)));
    Hdf5Fields fields(start);
    const bool second = start.size() >= 4 && std::memcmp(start.data(), "OHDR", 4) == 0;
    if (second) begin_second(address);
    else begin_first(fields, address);
    while (!blocks_.empty()) {
      const auto [at, size] = blocks_.back();
      blocks_.pop_back();
      require(seen_.insert(at).second, "the HDF5 file is damaged: an object's header leads in a circle");
      total_ += size;
      require(total_ <= kMaxHeaderBytes, "the HDF5 file is damaged: an object's header has more than {} bytes", kMaxHeaderBytes);
      read_block(file_.read(at, size), second);
    }
    return std::move(header_);
  }

 private:
  void begin_first(Hdf5Fields& fields, std::uint64_t address) {
    require(fields.byte() == 1, "the HDF5 file is damaged: an object's header is of an unknown version");
    fields.skip(7);
    blocks_.emplace_back(address + 16, fields.number(4));
  }

  void begin_second(std::uint64_t address) {
    const auto start = file_.read(address, std::min<std::uint64_t>(40, file_.available(address)));
    Hdf5Fields fields(start);
    fields.expect("OHDR");
    require(fields.byte() == 2, "the HDF5 file is damaged: an object's header is of an unknown version");
    flags_ = fields.byte();
    if ((flags_ & 0x20) != 0) fields.skip(16);
    if ((flags_ & 0x10) != 0) fields.skip(4);
    const std::uint64_t size = fields.number(std::size_t{1} << (flags_ & 3));
    blocks_.emplace_back(address + fields.position(), size);
  }

  void read_block(const std::vector<std::byte>& bytes, bool second) {
    Hdf5Fields fields(bytes);
    const std::size_t head = second ? ((flags_ & 0x04) != 0 ? 6 : 4) : 8;
    while (fields.left() >= head) {
      require(++count_ <= kMaxMessages, "the HDF5 file is damaged: an object has more than {} messages", kMaxMessages);
      const int type = static_cast<int>(fields.number(second ? 1 : 2));
      const auto size = static_cast<std::size_t>(fields.number(2));
      const auto flags = fields.byte();
      fields.skip(head - (second ? 4 : 5));
      const auto body = fields.take(size);
      read_message(type, flags, body, second);
    }
  }

  void read_message(int type, std::uint8_t flags, std::span<const std::byte> body, bool second) {
    Hdf5Object& object = header_.object;
    Hdf5Fields fields(body);
    const bool shared = (flags & 0x02) != 0;
    switch (type) {
      case kDataspace: object.dims = read_dims(fields); break;
      case kDatatype:
        object.type = shared ? Hdf5Type{} : read_type(fields);
        break;
      case kLayout: read_layout(fields); break;
      case kFilters: read_filters(fields); break;
      case kAttribute:
        if (!shared) read_attribute(fields);
        break;
      case kLink: read_link(fields); break;
      case kSymbolTable:
        header_.tree = fields.number(file_.offset_size);
        header_.heap = fields.number(file_.offset_size);
        break;
      case kContinuation: {
        std::uint64_t at = fields.number(file_.offset_size);
        std::uint64_t size = fields.number(file_.length_size);
        if (second) {  // "OCHK" before and a checksum behind
          require(size >= 8, "the HDF5 file is damaged: a header is continued by {} bytes", size);
          at += 4;
          size -= 8;
        }
        blocks_.emplace_back(at, size);
        break;
      }
      case kLinkInfo: refuse_dense(fields, "members", 8); break;
      case kAttributeInfo: refuse_dense(fields, "attributes", 2); break;
      default: break;
    }
  }

  /// Many members or attributes may lie in a heap of their own, which Keras's files do not have.
  void refuse_dense(Hdf5Fields& fields, std::string_view what, std::size_t order_size) {
    fields.skip(1);
    const auto flags = fields.byte();
    if ((flags & 1) != 0) fields.skip(order_size);
    require(fields.number(file_.offset_size) == file_.undefined(),
            "the HDF5 file keeps {} in dense storage, which is not supported; write it again with h5py's default libver", what);
  }

  std::vector<std::int64_t> read_dims(Hdf5Fields& fields) const {
    const int version = fields.byte();
    const std::size_t rank = fields.byte();
    require((version == 1 || version == 2) && rank <= 32, "the HDF5 file is damaged: a dataspace of version {} has {} dims", version, rank);
    fields.skip(version == 1 ? 6 : 1);
    const auto kind = version == 2 ? fields.byte() : 0;
    if (version == 2 && kind == 2) return {0};
    std::vector<std::int64_t> dims;
    for (std::size_t axis = 0; axis < rank; ++axis) {
      const std::uint64_t dim = fields.number(file_.length_size);
      require(dim < (std::uint64_t{1} << 48), "the HDF5 file is damaged: a dim of {}", dim);
      dims.push_back(static_cast<std::int64_t>(dim));
    }
    return dims;
  }

  static Hdf5Type read_type(Hdf5Fields& fields) {
    using Kind = Hdf5Type::Kind;
    const int kind = fields.byte() & 0x0F;
    const auto bits = fields.number(3);
    Hdf5Type type;
    type.size_bytes = static_cast<std::size_t>(fields.number(4));
    require(type.size_bytes > 0 && type.size_bytes < (1 << 20), "the HDF5 file is damaged: an element has {} bytes", type.size_bytes);
    type.big_endian = (bits & 1) != 0;
    if (kind == 0 && is_width(type.size_bytes)) {
      static constexpr DType kSigned[] = {DType::kInt8, DType::kInt16, DType::kInt32, DType::kInt64};
      static constexpr DType kUnsigned[] = {DType::kUInt8, DType::kUInt16, DType::kUInt32, DType::kUInt64};
      const std::size_t width = type.size_bytes == 8 ? 3 : type.size_bytes / 2;
      type.kind = Kind::kNumber;
      type.dtype = (bits & 8) != 0 ? kSigned[width] : kUnsigned[width];
    } else if (kind == 1 && (type.size_bytes == 2 || type.size_bytes == 4 || type.size_bytes == 8)) {
      fields.skip(5);
      const int exponent_bits = fields.byte();
      const int wanted = type.size_bytes == 8 ? 11 : type.size_bytes == 4 ? 8 : exponent_bits;
      require(exponent_bits == wanted && (exponent_bits == 5 || exponent_bits == 8 || exponent_bits == 11),
              "numbers of {} bytes with an exponent of {} bits are not supported", type.size_bytes, exponent_bits);
      type.kind = Kind::kNumber;
      type.dtype = type.size_bytes == 8 ? DType::kFloat64 : type.size_bytes == 4 ? DType::kFloat32 : exponent_bits == 8 ? DType::kBFloat16 : DType::kFloat16;
    } else if (kind == 3) {
      type.kind = Kind::kFixedString;
    } else if (kind == 8 && type.size_bytes == 1) {  // h5py writes bools as an enumeration
      type.kind = Kind::kNumber;
      type.dtype = DType::kBool;
    } else if (kind == 9 && (bits & 0x0F) == 1) {
      type.kind = Kind::kString;
    }
    return type;
  }

  static bool is_width(std::size_t size) { return size == 1 || size == 2 || size == 4 || size == 8; }

  void read_attribute(Hdf5Fields& fields) {
    const int version = fields.byte();
    require(version >= 1 && version <= 3, "the HDF5 file is damaged: an attribute of version {}", version);
    const auto flags = fields.byte();
    const auto name_size = static_cast<std::size_t>(fields.number(2));
    const auto type_size = static_cast<std::size_t>(fields.number(2));
    const auto space_size = static_cast<std::size_t>(fields.number(2));
    if (version == 3) fields.skip(1);
    const std::size_t start = fields.position();
    const auto padded = [&](std::size_t size) {
      const auto part = fields.take(size);
      if (version == 1) fields.skip(std::min((8 - (fields.position() - start) % 8) % 8, fields.left()));
      return part;
    };
    const auto name = Hdf5Fields(padded(name_size)).text(name_size);
    Hdf5Fields type(padded(type_size));
    Hdf5Fields space(padded(space_size));
    Hdf5Attribute attribute;
    attribute.type = version > 1 && (flags & 1) != 0 ? Hdf5Type{} : read_type(type);
    attribute.dims = read_dims(space);
    const auto data = fields.take(fields.left());
    attribute.bytes.assign(data.begin(), data.end());
    header_.object.attributes.insert_or_assign(name, std::move(attribute));
  }

  void read_link(Hdf5Fields& fields) {
    require(fields.byte() == 1, "the HDF5 file is damaged: a link is of an unknown version");
    const auto flags = fields.byte();
    const int type = (flags & 0x08) != 0 ? fields.byte() : 0;
    if ((flags & 0x04) != 0) fields.skip(8);
    if ((flags & 0x10) != 0) fields.skip(1);
    const auto size = static_cast<std::size_t>(fields.number(std::size_t{1} << (flags & 3)));
    const std::string name = fields.text(size);
    if (type == 0) header_.object.children.insert_or_assign(name, fields.number(file_.offset_size));
  }

  void read_layout(Hdf5Fields& fields) {
    Hdf5Object& object = header_.object;
    Hdf5Layout& layout = object.layout;
    object.is_dataset = true;
    const int version = fields.byte();
    require(version >= 1 && version <= 4, "the HDF5 file is damaged: a layout of version {}", version);
    if (version < 3) return read_old_layout(fields);
    const int kind = fields.byte();
    require(kind <= 2 && (kind < 2 || version == 3), "a dataset's layout (version {}, class {}) is not supported; repack the file with h5repack",
            version, kind);
    if (kind == 0) {
      const auto part = fields.take(static_cast<std::size_t>(fields.number(2)));
      layout.kind = Hdf5Layout::Kind::kInline;
      layout.bytes.assign(part.begin(), part.end());
    } else if (kind == 1) {
      layout.kind = Hdf5Layout::Kind::kContiguous;
      layout.address = fields.number(file_.offset_size);
      layout.size_bytes = fields.number(file_.length_size);
    } else {
      const std::size_t rank = fields.byte();
      layout.kind = Hdf5Layout::Kind::kChunked;
      layout.address = fields.number(file_.offset_size);
      for (std::size_t axis = 0; axis + 1 < rank; ++axis) layout.chunk_dims.push_back(static_cast<std::int64_t>(fields.number(4)));
    }
  }

  void read_old_layout(Hdf5Fields& fields) {
    Hdf5Layout& layout = header_.object.layout;
    const std::size_t rank = fields.byte();
    const int kind = fields.byte();
    require(kind == 1, "a dataset's layout is of an old version, which is not supported; repack the file with h5repack");
    fields.skip(5);
    layout.kind = Hdf5Layout::Kind::kContiguous;
    layout.address = fields.number(file_.offset_size);
    layout.size_bytes = 1;
    for (std::size_t axis = 0; axis < rank; ++axis) {
      const std::uint64_t dim = fields.number(4);
      require(dim == 0 || layout.size_bytes <= (std::uint64_t{1} << 48) / dim, "the HDF5 file is damaged: a dataset of too many bytes");
      layout.size_bytes *= dim;
    }
  }

  void read_filters(Hdf5Fields& fields) {
    const int version = fields.byte();
    require(version == 1 || version == 2, "the HDF5 file is damaged: filters of version {}", version);
    const int count = fields.byte();
    if (version == 1) fields.skip(6);
    for (int i = 0; i < count; ++i) {
      Hdf5Layout::Filter filter;
      filter.id = static_cast<int>(fields.number(2));
      const bool named = version == 1 || filter.id >= 256;
      const auto name_size = static_cast<std::size_t>(named ? fields.number(2) : 0);
      fields.skip(2);
      const auto values = static_cast<std::size_t>(fields.number(2));
      fields.skip(version == 1 ? (name_size + 7) / 8 * 8 : name_size);
      for (std::size_t v = 0; v < values; ++v) filter.values.push_back(static_cast<std::uint32_t>(fields.number(4)));
      if (version == 1 && values % 2 == 1) fields.skip(4);
      header_.object.layout.filters.push_back(std::move(filter));
    }
  }

  const Hdf5Bytes& file_;
  Hdf5Header header_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> blocks_;
  std::set<std::uint64_t> seen_;
  std::uint64_t total_ = 0;
  std::uint8_t flags_ = 0;
  std::size_t count_ = 0;
};

}  // namespace

Hdf5Header read_header(const Hdf5Bytes& file, std::uint64_t address) { return HeaderReader(file).read(address); }

}  // namespace temper::keras
