#pragma once
#include "import/keras/hdf5.h"
#include "import/keras/hdf5_bytes.h"

namespace temper::keras {

/// Reads a chunked dataset's elements, row-major as the file has them, into `out`, which is as large as they are; what no chunk holds is
/// left. Throws ModelError on a filter other than deflate, shuffle and Fletcher's checksum, and on chunks that do not fit the dataset.
void read_chunks(const Hdf5Bytes& file, const Hdf5Object& dataset, std::span<std::byte> out);

}  // namespace temper::keras
