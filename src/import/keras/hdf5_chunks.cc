#include "import/keras/hdf5_chunks.h"

#include <zlib.h>

#include <set>

namespace temper::keras {
namespace {

constexpr int kMaxTreeDepth = 32;

std::vector<std::byte> inflated(std::span<const std::byte> packed, std::size_t size_bytes) {
  std::vector<std::byte> out(size_bytes);
  auto length = static_cast<uLongf>(size_bytes);
  const int status = uncompress(reinterpret_cast<Bytef*>(out.data()), &length, reinterpret_cast<const Bytef*>(packed.data()),
                                static_cast<uLong>(packed.size()));
  require(status == Z_OK, "the HDF5 file is damaged: a compressed chunk does not unpack to {} bytes", size_bytes);
  out.resize(length);
  return out;
}

/// The first bytes of all elements lie together, then the second ones, and so on.
std::vector<std::byte> unshuffled(std::span<const std::byte> bytes, std::size_t element) {
  std::vector<std::byte> out(bytes.begin(), bytes.end());
  if (element < 2) return out;
  const std::size_t count = bytes.size() / element;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t b = 0; b < element; ++b) out[i * element + b] = bytes[b * count + i];
  }
  return out;
}

class ChunkReader {
 public:
  ChunkReader(const Hdf5Bytes& file, const Hdf5Object& dataset, std::span<std::byte> out)
      : file_(file), dataset_(dataset), out_(out), element_(dataset.type.size_bytes) {
    const auto& dims = dataset.layout.chunk_dims;
    require(dims.size() == dataset.dims.size() && !dims.empty(), "the HDF5 file is damaged: chunks of {} dims in a dataset of {}", dims.size(),
            dataset.dims.size());
    chunk_bytes_ = element_;
    for (const std::int64_t dim : dims) {
      require(dim > 0 && static_cast<std::uint64_t>(dim) <= (std::uint64_t{1} << 32) / chunk_bytes_,
              "the HDF5 file is damaged: a chunk has a dim of {}", dim);
      chunk_bytes_ *= static_cast<std::size_t>(dim);
    }
    require(chunk_bytes_ <= std::max<std::size_t>(out.size(), 1 << 20) * 8, "a chunk of {} bytes is larger than its dataset of {}", chunk_bytes_,
            out.size());
    for (std::size_t axis = 0; axis < dims.size(); ++axis) chunks_left_ *= (dataset.dims[axis] + dims[axis] - 1) / dims[axis];
  }

  void visit(std::uint64_t address, int depth) {
    require(depth < kMaxTreeDepth && seen_.insert(address).second, "the HDF5 file is damaged: its tree of chunks leads in a circle");
    const std::size_t rank = dataset_.dims.size();
    const std::size_t head_size = 8 + 2 * file_.offset_size;
    const auto head = file_.read(address, head_size);
    Hdf5Fields fields(head);
    fields.expect("TREE");
    require(fields.byte() == 1, "the HDF5 file is damaged: a tree of chunks is of another kind");
    const int level = fields.byte();
    const std::size_t used = static_cast<std::size_t>(fields.number(2));
    const std::size_t key_size = 8 + 8 * (rank + 1);
    nodes_left_ -= 1;
    require(nodes_left_ >= 0, "the HDF5 file is damaged: its tree of chunks has more nodes than chunks");
    const auto body = file_.read(address + head_size, used * (key_size + file_.offset_size));
    Hdf5Fields entries(body);
    for (std::size_t i = 0; i < used; ++i) {
      const auto size = entries.number(4);
      const auto mask = static_cast<std::uint32_t>(entries.number(4));
      std::vector<std::int64_t> offsets;
      for (std::size_t axis = 0; axis <= rank; ++axis) offsets.push_back(static_cast<std::int64_t>(entries.number(8)));
      const std::uint64_t child = entries.number(file_.offset_size);
      if (level > 0) visit(child, depth + 1);
      else require(--chunks_left_ >= 0, "the HDF5 file is damaged: a dataset has more chunks than fit it");
      if (level == 0) place(unfiltered(file_.read(child, size), mask), offsets);
    }
  }

 private:
  std::vector<std::byte> unfiltered(std::vector<std::byte> bytes, std::uint32_t mask) const {
    const auto& filters = dataset_.layout.filters;
    for (std::size_t i = filters.size(); i-- > 0;) {
      if (i < 32 && (mask >> i & 1) != 0) continue;
      switch (filters[i].id) {
        case 1: bytes = inflated(bytes, chunk_bytes_ + 4); break;
        case 2: bytes = unshuffled(bytes, filters[i].values.empty() ? element_ : filters[i].values[0]); break;
        case 3:
          require(bytes.size() >= 4, "the HDF5 file is damaged: a chunk has no checksum");
          bytes.resize(bytes.size() - 4);
          break;
        default:
          throw ModelError(fmt::format("a dataset is packed by HDF5 filter {}, which is not supported; repack it with h5repack -f NONE",
                                       filters[i].id));
      }
    }
    require(bytes.size() == chunk_bytes_, "the HDF5 file is damaged: a chunk holds {} bytes where {} are needed", bytes.size(), chunk_bytes_);
    return bytes;
  }

  /// Copies the part of a chunk that lies inside the dataset, row by row.
  void place(const std::vector<std::byte>& chunk, const std::vector<std::int64_t>& offsets) {
    const auto& dims = dataset_.dims;
    const auto& chunk_dims = dataset_.layout.chunk_dims;
    const std::size_t rank = dims.size();
    for (std::size_t axis = 0; axis < rank; ++axis) {
      require(offsets[axis] >= 0 && offsets[axis] < dims[axis], "the HDF5 file is damaged: a chunk lies outside its dataset");
    }
    std::vector<std::int64_t> at(rank, 0);
    const std::int64_t width = std::min(chunk_dims[rank - 1], dims[rank - 1] - offsets[rank - 1]);
    std::size_t from = 0;
    for (;;) {
      bool inside = true;
      std::int64_t target = 0;
      for (std::size_t axis = 0; axis < rank; ++axis) {
        inside = inside && offsets[axis] + at[axis] < dims[axis];
        target = target * dims[axis] + offsets[axis] + at[axis];
      }
      if (inside) {
        std::copy_n(chunk.begin() + static_cast<std::ptrdiff_t>(from * element_), static_cast<std::size_t>(width) * element_,
                    out_.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(target) * element_));
      }
      from += static_cast<std::size_t>(chunk_dims[rank - 1]);
      std::size_t axis = rank - 1;
      while (axis-- > 0 && ++at[axis] == chunk_dims[axis]) at[axis] = 0;
      if (axis == static_cast<std::size_t>(-1)) return;
    }
  }

  const Hdf5Bytes& file_;
  const Hdf5Object& dataset_;
  std::span<std::byte> out_;
  std::size_t element_;
  std::size_t chunk_bytes_ = 0;
  std::int64_t chunks_left_ = 1;  ///< at most as many as there is room for
  std::int64_t nodes_left_ = 1 << 16;
  std::set<std::uint64_t> seen_;
};

}  // namespace

void read_chunks(const Hdf5Bytes& file, const Hdf5Object& dataset, std::span<std::byte> out) {
  if (dataset.layout.address == file.undefined() || out.empty()) return;
  ChunkReader(file, dataset, out).visit(dataset.layout.address, 0);
}

}  // namespace temper::keras
