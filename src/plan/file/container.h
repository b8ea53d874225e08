#pragma once
#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"

namespace temper {

/// The version of the format that is written. A reader takes every minor version of its own major version and of those before.
inline constexpr std::uint16_t kPlanMajor = 1;
inline constexpr std::uint16_t kPlanMinor = 0;

inline constexpr std::size_t kTensorAlignment = 64;
inline constexpr std::size_t kPageSize = 4096;

/// Names of sections.
inline constexpr std::string_view kGraphSection = "graph";
inline constexpr std::string_view kConstantsSection = "const";
inline constexpr std::string_view kWeightsSection = "weights";
inline constexpr std::string_view kTacticsSection = "tactics";
inline constexpr std::string_view kProfileSection = "profile";
inline constexpr std::string_view kPassesSection = "passes";
inline constexpr std::string_view kInfoSection = "info";

/// A part of a plan file that is about to be written: pieces at offsets, zeros between them.
struct SectionOut {
  struct Piece {
    std::size_t offset = 0;
    std::span<const std::byte> bytes;
  };

  std::string name;  ///< at most 8 characters
  std::size_t alignment = kTensorAlignment;
  std::vector<Piece> pieces;  ///< by offset

  std::size_t size() const { return pieces.empty() ? 0 : pieces.back().offset + pieces.back().bytes.size(); }
};

/// Writes header and sections, whole or not at all.
void write_container(const std::filesystem::path& path, std::span<const SectionOut> sections);

/// A plan file whose header is sound, mapped.
class Container {
 public:
  /// Throws ModelError where the file is no plan, or one that cannot be read here.
  explicit Container(const std::filesystem::path& path);

  bool has(std::string_view name) const { return entries_.contains(name); }
  /// A section's bytes, empty where the file has none of this name. With `check`, throws ModelError where they are
  /// damaged.
  std::span<const std::byte> section(std::string_view name, bool check = true) const;
  /// Of the mapping.
  std::shared_ptr<const void> owner() const { return file_; }
  /// The Temper that wrote it.
  const std::string& made_by() const { return made_by_; }
  /// Whether this minor version is one that is not known here.
  bool newer() const { return newer_; }

 private:
  struct Entry {
    std::size_t offset = 0;
    std::size_t size = 0;
    std::uint64_t checksum = 0;
  };

  std::shared_ptr<const MappedFile> file_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::string made_by_;
  bool newer_ = false;
};

/// Whether these are the first bytes of a plan.
bool has_plan_magic(std::span<const std::byte> bytes);

}  // namespace temper
