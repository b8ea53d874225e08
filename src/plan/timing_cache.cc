#include "plan/timing_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <mutex>
#include <thread>

#include "base/file.h"
#include "plan/file/checksum.h"

namespace temper {
namespace {

constexpr std::string_view kFirstLine = "temper timing cache 1 ";
constexpr std::uintmax_t kMostBytes = std::uintmax_t{64} << 20;

std::string escaped(std::string_view key) {
  std::string text;
  for (const char c : key) {
    if (c == '\\') text += "\\\\";
    else if (c == '\n') text += "\\n";
    else text += c;
  }
  return text;
}

std::string unescaped(std::string_view text) {
  std::string key;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size();
    key += !escape ? text[i] : text[++i] == 'n' ? '\n' : text[i];
  }
  return key;
}

std::string checksum_text(std::string_view lines) { return fmt::format("{:016x}", checksum(std::as_bytes(std::span(lines)))); }

/// Takes the first line off.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

/// One process at a time, while it lives, for as long as the system and some patience allow: without, a time may be lost, and
/// is measured again. The folder is locked, so that no other file is left.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder)
      : thread_lock_(mutex()), fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    for (int turn = 0; fd_ >= 0 && turn < 100 && ::flock(fd_, LOCK_EX | LOCK_NB) != 0; ++turn) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  ~FolderLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }

  std::scoped_lock<std::mutex> thread_lock_;
  int fd_;
};

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

std::string timing_key(std::string_view cpu, std::string_view kernel, const Node& node, std::span<const Fact> in, int threads) {
  std::string key = fmt::format("{} | {} | {}(", cpu, kernel, node.op.name());
  for (std::size_t i = 0; i < in.size(); ++i) {
    const bool constant = in[i].constant.has_value() || in[i].packed != nullptr;
    key += fmt::format("{}{}{}", i > 0 ? ", " : "", in[i], constant ? " constant" : "");
  }
  key += ")";
  for (const auto& [name, attribute] : node.op.attributes()) key += fmt::format(" {}={}", name, to_string(attribute));
  return key + fmt::format(" | {} threads", threads);
}

TimingCache TimingCache::load(const std::filesystem::path& path) {
  TimingCache cache;
  cache.path_ = path;
  Content content = read(path);
  cache.times_ = std::move(content.times);
  cache.warning_ = std::move(content.warning);
  return cache;
}

TimingCache::Content TimingCache::read(const std::filesystem::path& path) {
  const auto unusable = [&](std::string_view why) {
    return Content{{}, fmt::format("{}: {}; kernels are timed anew", path.string(), why)};
  };
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return {};
  const auto size = std::filesystem::file_size(path, error);
  if (error) return unusable(error.message());
  if (size > kMostBytes) return unusable("is too large to be a cache of times");
  std::string bytes;
  try {
    bytes = read_file(path);
  } catch (const ModelError& failure) {
    return {{}, fmt::format("{}; kernels are timed anew", failure.what())};
  }
  std::string_view lines = bytes;
  const std::string_view first = take_line(lines);
  if (!first.starts_with(kFirstLine)) return unusable("is no cache of times that this version reads");
  if (first.substr(kFirstLine.size()) != checksum_text(lines)) return unusable("is damaged");
  Times times;
  while (!lines.empty()) {
    const std::string_view line = take_line(lines);
    std::int64_t time_ns = 0;
    const auto [end, failed] = std::from_chars(line.data(), line.data() + line.size(), time_ns);
    if (failed != std::errc() || time_ns < 0 || end == line.data() + line.size() || *end != '\t') return unusable("is damaged");
    times.insert_or_assign(unescaped(line.substr(static_cast<std::size_t>(end - line.data()) + 1)), time_ns);
  }
  return {std::move(times), {}};
}

std::optional<std::int64_t> TimingCache::find(std::string_view key) const {
  const auto found = times_.find(key);
  return found == times_.end() ? std::nullopt : std::optional(found->second);
}

void TimingCache::record(std::string_view key, std::int64_t time_ns) {
  invariant(time_ns >= 0, "a kernel took {} ns", time_ns);
  times_.insert_or_assign(std::string(key), time_ns);
  recorded_.insert_or_assign(std::string(key), time_ns);
}

void TimingCache::save() {
  if (path_.empty() || recorded_.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(folder_of(path_), error);
  require(!error, "{}: its folder cannot be made: {}", path_.string(), error.message());
  const FolderLock lock(folder_of(path_));
  Times all = read(path_).times;  // what is not usable is written over
  for (const auto& [key, time_ns] : recorded_) all.insert_or_assign(key, time_ns);
  std::string lines;
  for (const auto& [key, time_ns] : all) lines += fmt::format("{}\t{}\n", time_ns, escaped(key));
  write_file(path_, fmt::format("{}{}\n{}", kFirstLine, checksum_text(lines), lines));
  times_.merge(all);
  recorded_.clear();
}

}  // namespace temper
