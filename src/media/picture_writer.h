#pragma once
#include <filesystem>
#include <string>

#include "media/picture.h"

namespace temper {

/// `picture` as JPEG, without chroma subsampling. Throws ModelError where a side is 0 or above 65500.
std::string encode_jpeg(const Picture& picture, int quality = 95);

/// `picture` as PNG. Throws ModelError where a side is 0.
std::string encode_png(const Picture& picture);

/// Writes `picture` as JPEG (.jpg, .jpeg) or PNG (.png), whole or not at all. Throws ModelError for another extension,
/// or where the file cannot be written.
void write_picture(const std::filesystem::path& path, const Picture& picture);

}  // namespace temper
