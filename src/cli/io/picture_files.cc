#include "cli/io/picture_files.h"

#include <glob.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "base/error.h"

namespace temper {
namespace fs = std::filesystem;
namespace {

std::string lower_extension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

template <std::size_t N>
bool ends_in(const fs::path& path, const std::array<std::string_view, N>& extensions) {
  return std::ranges::find(extensions, lower_extension(path)) != extensions.end();
}

constexpr std::array<std::string_view, 5> kPictureExtensions = {".jpg", ".jpeg", ".png", ".bmp", ".webp"};
constexpr std::array<std::string_view, 3> kWritableExtensions = {".jpg", ".jpeg", ".png"};

std::vector<fs::path> pictures_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error);
  require(!error, "{}: the folder cannot be read: {}", folder.string(), error.message());
  for (const fs::recursive_directory_iterator end; entry != end; entry.increment(error)) {
    require(!error, "{}: the folder cannot be read: {}", folder.string(), error.message());
    std::error_code ignored;
    if (ends_in(entry->path(), kPictureExtensions) && entry->is_regular_file(ignored)) found.push_back(entry->path());
  }
  require(!found.empty(), "{}: no JPEG, PNG, BMP or WebP files are in this folder or its subfolders", folder.string());
  std::ranges::sort(found);
  return found;
}

std::vector<fs::path> matches_of(const std::string& pattern) {
  glob_t matches{};
  std::vector<fs::path> found;
  const int code = ::glob(pattern.c_str(), GLOB_BRACE | GLOB_TILDE, nullptr, &matches);
  for (std::size_t i = 0; code == 0 && i < matches.gl_pathc; ++i) found.emplace_back(matches.gl_pathv[i]);
  ::globfree(&matches);
  require(!found.empty(), "{}: the pattern matches no file", pattern);
  return found;
}

std::string written_name(const fs::path& picture) {
  const fs::path name = picture.filename();
  if (ends_in(name, kWritableExtensions)) return name.string();
  return ends_in(name, kPictureExtensions) ? fs::path(name).replace_extension(".png").string() : name.string() + ".png";
}

fs::path shared_folder(const std::vector<fs::path>& folders) {
  fs::path shared = folders.front();
  for (const fs::path& folder : folders) {
    fs::path common;
    for (auto a = shared.begin(), b = folder.begin(); a != shared.end() && b != folder.end() && *a == *b; ++a, ++b) {
      common /= *a;
    }
    shared = common;
  }
  return shared;
}

}  // namespace

std::vector<fs::path> find_pictures(const std::vector<std::string>& arguments) {
  std::vector<fs::path> all;
  std::set<fs::path> seen;
  const auto add = [&](const fs::path& path) {
    std::error_code error;
    const fs::path real = fs::weakly_canonical(path, error);
    if (seen.insert(error ? path : real).second) all.push_back(path);
  };
  const auto add_named = [&](const fs::path& path) {
    std::error_code error;
    if (!fs::is_directory(path, error)) return add(path);
    for (const fs::path& picture : pictures_in(path)) add(picture);
  };
  for (const std::string& argument : arguments) {
    std::error_code error;
    if (argument.find_first_of("*?[{") != std::string::npos && !fs::exists(argument, error)) {
      for (const fs::path& match : matches_of(argument)) add_named(match);
    } else {
      add_named(argument);
    }
  }
  return all;
}

std::vector<fs::path> drawn_paths(const std::vector<fs::path>& pictures, const fs::path& folder) {
  std::map<std::string, std::vector<std::size_t>> by_name;
  for (std::size_t i = 0; i < pictures.size(); ++i) by_name[written_name(pictures[i])].push_back(i);
  std::vector<fs::path> paths(pictures.size());
  std::set<fs::path> taken;
  for (const auto& [name, group] : by_name) {
    std::vector<fs::path> folders;
    for (const std::size_t i : group) folders.push_back(fs::absolute(pictures[i]).lexically_normal().parent_path());
    const fs::path shared = shared_folder(folders);
    for (std::size_t k = 0; k < group.size(); ++k) {
      const fs::path place = (folder / folders[k].lexically_relative(shared)).lexically_normal();
      paths[group[k]] = place / name;
      // Two pictures of one folder whose names differ by extension alone.
      if (!taken.insert(paths[group[k]]).second) {
        paths[group[k]] = place / (pictures[group[k]].filename().string() + ".png");
        taken.insert(paths[group[k]]);
      }
    }
  }
  return paths;
}

}  // namespace temper
