#include <climits>
#include <map>

#include "import/tensorflow/checkpoint/checkpoint.h"
#include "import/tensorflow/checkpoint/crc32c.h"
#include "import/tensorflow/checkpoint/slices.h"
#include "import/tensorflow/checkpoint/table.h"

namespace temper::tensorflow {
namespace {

namespace fs = std::filesystem;

constexpr int kMostShards = 100000;  // their names have five digits
/// Of a string that is read whole: the graph of objects of a large model has a few MB.
constexpr std::int64_t kMostStringBytes = std::int64_t{1} << 30;

template <class M>
bool parse(M& message, std::string_view bytes) {
  return bytes.size() <= INT_MAX && message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

class Bundle final : public Checkpoint {
 public:
  explicit Bundle(fs::path prefix) : Checkpoint(std::move(prefix)) {
    const fs::path index = prefix_.string() + ".index";
    in_context([&] { return index.string(); }, [&] { read_index(index); });
  }

  std::string_view format() const override { return "bundle"; }
  std::string read_string(std::string_view name) const override;

 protected:
  void read_entry(std::string_view name, const Fact& fact, std::span<std::byte> out) const override;

 private:
  void read_index(const fs::path& index);
  void read_bytes(const BundleEntryProto& entry, std::span<std::byte> out) const;
  const FileSource& shard(int id) const;

  BundleHeaderProto header_;
  std::map<std::string, BundleEntryProto, std::less<>> stored_;  // parts of tensors too
  mutable std::map<int, std::unique_ptr<FileSource>> shards_;
};

void Bundle::read_index(const fs::path& index) {
  const Table table(std::make_shared<const FileSource>(index));
  bool headed = false;
  for (std::size_t block = 0; block < table.block_count(); ++block) {
    table.visit(block, [&](std::string_view key, std::string_view value) {
      if (key.empty()) {
        headed = parse(header_, value);
        return headed;
      }
      BundleEntryProto entry;
      require(parse(entry, value), "is damaged: the entry of '{}' is no such message", key);
      if (key.front() != '\0') entries_[std::string(key)] = {entry.dtype(), entry.shape()};
      stored_.emplace(key, std::move(entry));
      return true;
    });
  }
  require(headed, "is damaged: it has no header");
  require(header_.endianness() == BundleHeaderProto::LITTLE, "was written by a big-endian machine, which is not supported");
  require(header_.num_shards() > 0 && header_.num_shards() <= kMostShards, "says that it has {} shards", header_.num_shards());
  require(header_.version().min_consumer() <= 1, "needs a newer reader: version {} of the format", header_.version().min_consumer());
}

const FileSource& Bundle::shard(int id) const {
  require(id >= 0 && id < header_.num_shards(), "lies in shard {} of {}", id, header_.num_shards());
  auto& source = shards_[id];
  if (source) return *source;
  const fs::path path = fmt::format("{}.data-{:05}-of-{:05}", prefix_.string(), id, header_.num_shards());
  std::error_code ignored;
  require(fs::exists(path, ignored), "lies in {}, which is missing", path.filename().string());
  source = std::make_unique<FileSource>(path);
  return *source;
}

/// The bytes as they lie in a shard.
void Bundle::read_bytes(const BundleEntryProto& entry, std::span<std::byte> out) const {
  const FileSource& source = shard(entry.shard_id());
  const auto size = static_cast<std::int64_t>(source.size_bytes());
  require(entry.size() == static_cast<std::int64_t>(out.size()), "is said to have {} bytes where {} are needed", entry.size(), out.size());
  require(entry.offset() >= 0 && entry.offset() <= size && entry.size() <= size - entry.offset(),
          "ends at byte {} of a file of {}, which is cut off or damaged", static_cast<std::uint64_t>(entry.offset()) + out.size(), size);
  source.read(static_cast<std::size_t>(entry.offset()), out);
  require(masked_crc(crc32c(out)) == entry.crc32c(), "has another checksum than the index says: the file is damaged");
}

void Bundle::read_entry(std::string_view name, const Fact& fact, std::span<std::byte> out) const {
  const BundleEntryProto& entry = stored_.find(name)->second;
  if (entry.slices().empty()) return read_bytes(entry, out);
  const Shape shape = *fact.shape.known();
  std::int64_t covered = 0;
  for (const auto& proto : entry.slices()) {
    const TensorSlice slice = to_slice(proto, shape);
    const auto part = stored_.find(slice_key(name, proto));
    require(part != stored_.end() && part->second.slices().empty(), "is held in parts, one of which the index does not have");
    Tensor tensor(fact.dtype, slice.shape());
    read_bytes(part->second, tensor.mutable_bytes());
    put_slice(out, shape, slice, tensor.bytes(), size_of(fact.dtype));
    covered += tensor.elements();
  }
  require(covered == shape.elements(), "is held in parts of {} elements together where {} are needed", covered, shape.elements());
}

/// Strings are stored as their lengths, the lengths' checksum, and the bytes.
std::string Bundle::read_string(std::string_view name) const {
  return in_context([&] { return fmt::format("tensor '{}' of checkpoint {}", name, prefix_.filename().string()); }, [&] {
    const BundleEntryProto& entry = stored_.find(name)->second;
    require(entry.dtype() == DT_STRING && entry.shape().dim_size() == 0 && entry.slices().empty(), "is no single string");
    const FileSource& source = shard(entry.shard_id());
    const auto size = static_cast<std::int64_t>(source.size_bytes());
    require(entry.size() > 0 && entry.size() <= kMostStringBytes && entry.offset() >= 0 && entry.offset() <= size && entry.size() <= size - entry.offset(),
            "does not lie within its file, which is cut off or damaged");
    std::string bytes(static_cast<std::size_t>(entry.size()), '\0');
    source.read(static_cast<std::size_t>(entry.offset()), std::as_writable_bytes(std::span(bytes)));
    std::size_t prefix = 0;  // of the length and its checksum
    while (prefix < bytes.size() && static_cast<std::uint8_t>(bytes[prefix]) >= 0x80) ++prefix;
    prefix += 5;
    require(prefix <= bytes.size(), "is damaged");
    return bytes.substr(prefix);
  });
}

}  // namespace

std::shared_ptr<const Checkpoint> open_bundle(const fs::path& prefix) { return std::make_shared<const Bundle>(prefix); }

}  // namespace temper::tensorflow
