#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace temper {

/// The files that arguments of a command name: a file as it is, whether or not it exists; of a folder every JPEG, PNG,
/// BMP and WebP file in it and its subfolders by extension, sorted; of a pattern with *, ? or [...] that is no file
/// every match, sorted. Each file comes once, where it is first named. Throws ModelError where a folder or pattern
/// gives none.
std::vector<std::filesystem::path> find_pictures(const std::vector<std::string>& arguments);

/// Where each picture is written under `folder`: under its own name; pictures that share it keep their folders, from
/// the deepest that all of them share. Names that do not end in .jpg, .jpeg or .png end in .png instead.
std::vector<std::filesystem::path> drawn_paths(const std::vector<std::filesystem::path>& pictures,
                                               const std::filesystem::path& folder);

}  // namespace temper
