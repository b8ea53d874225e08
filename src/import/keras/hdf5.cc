#include "import/keras/hdf5.h"

#include <bit>
#include <set>

#include "base/memory.h"
#include "import/keras/hdf5_bytes.h"
#include "import/keras/hdf5_chunks.h"
#include "import/keras/hdf5_messages.h"

namespace temper::keras {
namespace {

constexpr std::string_view kSignature("\x89HDF\r\n\x1a\n", 8);
constexpr std::size_t kMaxDepth = 64;        ///< of groups, and of the tree of a group's members
constexpr std::size_t kMaxObjects = 1 << 18;  ///< loaded, and members of a group

/// Where in the source the signature is: at 0, or behind a user's block of 512, 1024, ... bytes.
std::optional<std::size_t> find_signature(const ByteSource& source) {
  for (std::size_t at = 0; at + kSignature.size() <= source.size_bytes() && at <= (1 << 20); at = at == 0 ? 512 : at * 2) {
    std::array<std::byte, 8> bytes{};
    source.read(at, bytes);
    if (std::memcmp(bytes.data(), kSignature.data(), bytes.size()) == 0) return at;
  }
  return std::nullopt;
}

std::uint64_t product(const std::vector<std::int64_t>& dims, std::size_t size_bytes) {
  std::uint64_t count = size_bytes;
  for (const std::int64_t dim : dims) {
    if (dim == 0) return 0;
  }
  for (const std::int64_t dim : dims) {
    require(count <= (std::uint64_t{1} << 48) / static_cast<std::uint64_t>(dim), "the HDF5 file is damaged: [{}] elements", fmt::join(dims, ","));
    count *= static_cast<std::uint64_t>(dim);
  }
  return count;
}

void swap_bytes(std::span<std::byte> bytes, std::size_t element) {
  for (std::size_t at = 0; at + element <= bytes.size(); at += element) std::ranges::reverse(bytes.subspan(at, element));
}

}  // namespace

const Hdf5Attribute* Hdf5Object::attribute(const std::string& name) const {
  const auto found = attributes.find(name);
  return found == attributes.end() ? nullptr : &found->second;
}

/// The file, and the objects that were asked for.
struct Hdf5File::Reader {
  Hdf5Bytes bytes;
  std::uint64_t root = 0;
  mutable std::map<std::uint64_t, std::shared_ptr<const Hdf5Object>> loaded;

  void read_superblock(std::size_t at) {
    bytes.base = at;
    const auto start = bytes.read(0, std::min<std::uint64_t>(128, bytes.available(0)));
    Hdf5Fields fields(start);
    fields.expect(kSignature);
    const int version = fields.byte();
    require(version <= 3, "the HDF5 file is of version {}, which is not supported", version);
    if (version < 2) fields.skip(4);
    bytes.offset_size = fields.byte();
    bytes.length_size = fields.byte();
    const auto fits = [](std::size_t size) { return size == 2 || size == 4 || size == 8; };
    require(fits(bytes.offset_size) && fits(bytes.length_size), "the HDF5 file is damaged: addresses of {} bytes", bytes.offset_size);
    fields.skip(version == 0 ? 9 : version == 1 ? 13 : 1);
    fields.skip(bytes.offset_size);  // the base, which is where the signature is; the end counts from the file's beginning
    fields.skip(bytes.offset_size);
    const std::uint64_t end = fields.number(bytes.offset_size);
    const std::size_t size = bytes.source->size_bytes();
    require(end <= size, "the HDF5 file is truncated: it has {} bytes, of {} that were written", size, end);
    if (version < 2) fields.skip(2 * bytes.offset_size);
    root = fields.number(bytes.offset_size);
  }

  std::string name_in_heap(std::uint64_t address, std::uint64_t size, std::uint64_t offset) const {
    require(offset < size, "the HDF5 file is damaged: a name lies outside its heap");
    const auto text = bytes.read(address + offset, std::min<std::uint64_t>({size - offset, 4096, bytes.available(address + offset)}));
    return Hdf5Fields(text).text(text.size());
  }

  /// Adds the members of a group whose symbol table this tree holds.
  void read_members(Hdf5Object& group, std::uint64_t tree, std::uint64_t heap) const {
    const auto head = bytes.read(heap, 8 + 2 * bytes.length_size + bytes.offset_size);
    Hdf5Fields fields(head);
    fields.expect("HEAP");
    fields.skip(4);
    const std::uint64_t size = fields.number(bytes.length_size);
    fields.skip(bytes.length_size);
    const std::uint64_t names = fields.number(bytes.offset_size);
    std::vector<std::pair<std::uint64_t, std::size_t>> open = {{tree, 0}};
    std::set<std::uint64_t> seen;
    while (!open.empty()) {
      const auto [address, depth] = open.back();
      open.pop_back();
      require(depth < kMaxDepth && seen.insert(address).second && seen.size() < kMaxObjects,
              "the HDF5 file is damaged: the members of a group lead in a circle");
      const auto peek = bytes.read(address, 4);
      if (std::memcmp(peek.data(), "TREE", 4) == 0) {
        for (const std::uint64_t child : tree_children(address)) open.emplace_back(child, depth + 1);
      } else {
        read_symbols(group, address, names, size);
      }
    }
  }

  std::vector<std::uint64_t> tree_children(std::uint64_t address) const {
    const std::size_t head_size = 8 + 2 * bytes.offset_size;
    const auto head = bytes.read(address, head_size);
    Hdf5Fields fields(head);
    fields.expect("TREE");
    require(fields.byte() == 0, "the HDF5 file is damaged: the members of a group are of another kind");
    fields.skip(1);
    const std::size_t used = static_cast<std::size_t>(fields.number(2));
    const auto body = bytes.read(address + head_size, used * (bytes.length_size + bytes.offset_size));
    Hdf5Fields entries(body);
    std::vector<std::uint64_t> children;
    for (std::size_t i = 0; i < used; ++i) {
      entries.skip(bytes.length_size);
      children.push_back(entries.number(bytes.offset_size));
    }
    return children;
  }

  void read_symbols(Hdf5Object& group, std::uint64_t address, std::uint64_t names, std::uint64_t names_size) const {
    const auto head = bytes.read(address, 8);
    Hdf5Fields fields(head);
    fields.expect("SNOD");
    fields.skip(2);
    const std::size_t count = static_cast<std::size_t>(fields.number(2));
    const std::size_t entry_size = 2 * bytes.offset_size + 24;
    const auto body = bytes.read(address + 8, count * entry_size);
    Hdf5Fields entries(body);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t name = entries.number(bytes.offset_size);
      const std::uint64_t object = entries.number(bytes.offset_size);
      const std::uint64_t cache = entries.number(4);
      entries.skip(20);
      if (cache == 2) continue;  // a symbolic link
      group.children.insert_or_assign(name_in_heap(names, names_size, name), object);
      require(group.children.size() < kMaxObjects, "the HDF5 file is damaged: a group has more than {} members", kMaxObjects);
    }
  }

  /// The string that an attribute of strings of any length refers to.
  std::string heap_string(Hdf5Fields& fields) const {
    const std::uint64_t length = fields.number(4);
    const std::uint64_t address = fields.number(bytes.offset_size);
    const std::uint64_t wanted = fields.number(4);
    if (length == 0) return {};
    const auto head = bytes.read(address, 8 + bytes.length_size);
    Hdf5Fields start(head);
    start.expect("GCOL");
    start.skip(4);
    const std::uint64_t end = start.number(bytes.length_size);
    std::uint64_t at = head.size();
    while (at + 8 + bytes.length_size <= end) {
      const auto entry = bytes.read(address + at, 8 + bytes.length_size);
      Hdf5Fields entry_fields(entry);
      const std::uint64_t index = entry_fields.number(2);
      entry_fields.skip(6);
      const std::uint64_t size = entry_fields.number(bytes.length_size);
      at += entry.size();
      if (index == wanted) {
        require(length <= size, "the HDF5 file is damaged: a string is longer than its place");
        const auto text = bytes.read(address + at, length);
        return Hdf5Fields(text).text(text.size());
      }
      require(index != 0 && size <= end, "the HDF5 file is damaged: a string is not in its heap");
      at += (size + 7) / 8 * 8;
    }
    throw ModelError("the HDF5 file is damaged: a string is not in its heap");
  }
};

bool Hdf5File::recognises(const ByteSource& source) { return find_signature(source).has_value(); }

Hdf5File::Hdf5File(std::shared_ptr<const ByteSource> source) {
  const auto at = find_signature(*source);
  require(at.has_value(), "is no HDF5 file");
  auto reader = std::make_shared<Reader>();
  reader->bytes.source = std::move(source);
  reader->read_superblock(*at);
  reader_ = reader;
  root_ = load(reader->root);
}

std::shared_ptr<const Hdf5Object> Hdf5File::load(std::uint64_t address) const {
  auto& slot = reader_->loaded[address];
  if (slot) return slot;
  require(reader_->loaded.size() < kMaxObjects, "the HDF5 file has more than {} objects", kMaxObjects);
  Hdf5Header header = read_header(reader_->bytes, address);
  if (header.heap != ~std::uint64_t{0}) reader_->read_members(header.object, header.tree, header.heap);
  slot = std::make_shared<Hdf5Object>(std::move(header.object));
  return slot;
}

std::shared_ptr<const Hdf5Object> Hdf5File::find(const std::string& path) const { return find(*root_, path); }

std::shared_ptr<const Hdf5Object> Hdf5File::find(const Hdf5Object& from, const std::string& path) const {
  const Hdf5Object* at = &from;
  std::shared_ptr<const Hdf5Object> found;
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    begin = end + 1;
    if (part.empty()) continue;
    const auto child = at->children.find(part);
    if (child == at->children.end()) return nullptr;
    found = in_context([&] { return fmt::format("'{}'", path); }, [&] { return load(child->second); });
    at = found.get();
  }
  return found;
}

std::vector<std::string> Hdf5File::strings(const Hdf5Attribute& attribute) const {
  const Hdf5Type& type = attribute.type;
  const bool fixed = type.kind == Hdf5Type::Kind::kFixedString;
  if (product(attribute.dims, 1) == 0) return {};
  require(fixed || type.kind == Hdf5Type::Kind::kString, "an attribute holds no strings");
  const std::uint64_t count = product(attribute.dims, 1);
  Hdf5Fields fields(attribute.bytes);
  const std::size_t element = fixed ? type.size_bytes : 8 + reader_->bytes.offset_size;
  require(count <= fields.left() / element, "the HDF5 file is damaged: an attribute of {} strings has {} bytes", count, fields.left());
  std::vector<std::string> values;
  std::size_t total = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    values.push_back(fixed ? fields.text(element) : reader_->heap_string(fields));
    total += values.back().size();
    require(total <= (std::size_t{1} << 28), "an attribute holds more than 256 MB of strings");
  }
  return values;
}

Tensor Hdf5File::read(const Hdf5Object& dataset) const {
  using Kind = Hdf5Layout::Kind;
  const Hdf5Layout& layout = dataset.layout;
  require(dataset.is_dataset && dataset.type.kind == Hdf5Type::Kind::kNumber, "is no dataset of numbers");
  require(dataset.dims.size() <= kMaxRank, "a dataset has {} dims, at most {} are supported", dataset.dims.size(), kMaxRank);
  const std::uint64_t size = product(dataset.dims, dataset.type.size_bytes);
  const bool unwritten = layout.kind == Kind::kContiguous && layout.address == reader_->bytes.undefined();
  if (layout.kind == Kind::kContiguous && !unwritten) {
    require(size == layout.size_bytes && size <= reader_->bytes.available(layout.address),
            "the HDF5 file is truncated: a dataset of {} bytes lies behind its end", size);
  }
  if (layout.kind == Kind::kChunked || unwritten) {  // zeros need no room in the file
    require(size <= (reader_->bytes.source->size_bytes() + (1 << 20)) * 1100, "a dataset claims {}, far more than its file can hold",
            format_bytes(static_cast<std::size_t>(size)));
  }
  if (layout.kind == Kind::kInline) require(size == layout.bytes.size(), "the HDF5 file is damaged: a dataset has {} bytes, not {}", layout.bytes.size(), size);
  const Shape shape(std::span<const std::int64_t>(dataset.dims));
  Tensor tensor = Tensor::zeros(dataset.type.dtype, shape);
  const auto out = tensor.mutable_bytes();
  if (layout.kind == Kind::kInline) std::ranges::copy(layout.bytes, out.begin());
  else if (layout.kind == Kind::kContiguous && !unwritten) reader_->bytes.read(layout.address, out);
  else if (layout.kind == Kind::kChunked) read_chunks(reader_->bytes, dataset, out);
  if (dataset.type.big_endian) swap_bytes(out, dataset.type.size_bytes);
  if (dataset.type.dtype == DType::kBool) std::ranges::transform(out, out.begin(), [](std::byte b) { return std::byte{b != std::byte{0}}; });
  return tensor;
}

}  // namespace temper::keras
