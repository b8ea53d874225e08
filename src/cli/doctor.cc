#include <cairo.h>
#include <google/protobuf/stubs/common.h>
#include <jpeglib.h>
#include <png.h>
#include <sched.h>
#include <spdlog/version.h>
#include <unistd.h>
#include <webp/decode.h>
#include <zip.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <oneapi/dnnl/dnnl.hpp>

#include "base/cpu_features.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/io/report.h"

namespace temper {
namespace {
namespace fs = std::filesystem;

std::size_t usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<std::size_t>(CPU_COUNT(&set));
}

/// Cores' worth of time that the control group allows; 0 where it sets no limit.
double core_quota() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  double quota = 0;
  double period = 0;
  return file >> quota >> period && period > 0 ? quota / period : 0;
}

/// A line of /proc/meminfo in bytes; 0 where it is missing.
std::size_t memory_info(std::string_view key) {
  std::ifstream file("/proc/meminfo");
  std::string name;
  std::size_t kilobytes = 0;
  std::string unit;
  while (file >> name >> kilobytes) {
    std::getline(file, unit);
    if (name == key) return kilobytes * 1024;
  }
  return 0;
}

/// Models of the NVIDIA GPUs that the system's driver lists; "unknown model" where only a device file is there.
std::vector<std::string> gpus() {
  std::vector<std::string> models;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc/driver/nvidia/gpus", error)) {
    std::ifstream file(entry.path() / "information");
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with("Model:")) continue;
      models.push_back(line.substr(std::min(line.find_first_not_of(" \t", 6), line.size())));
    }
  }
  if (models.empty() && fs::exists("/dev/nvidia0", error)) models.emplace_back("unknown model");
  return models;
}

struct Library {
  std::string name;
  std::string version;
  std::string enables;
};

std::string dotted(int version, int base) {
  return fmt::format("{}.{}.{}", version / (base * base), version / base % base, version % base);
}

std::vector<Library> libraries() {
  const dnnl_version_t& onednn = *dnnl_version();
  const int webp = WebPGetDecoderVersion();
  return {
      {"oneDNN", fmt::format("{}.{}.{}", onednn.major, onednn.minor, onednn.patch),
       "convolutions and matrix products on the CPU"},
      {"protobuf", dotted(GOOGLE_PROTOBUF_VERSION, 1000), "TensorFlow graphs"},
      {"libjpeg-turbo",
       std::to_string(LIBJPEG_TURBO_VERSION_NUMBER / 1000000) + "." +
           std::to_string(LIBJPEG_TURBO_VERSION_NUMBER / 1000 % 1000) + "." +
           std::to_string(LIBJPEG_TURBO_VERSION_NUMBER % 1000),
       "JPEG pictures"},
      {"libpng", png_get_libpng_ver(nullptr), "PNG pictures"},
      {"libwebp", fmt::format("{}.{}.{}", webp >> 16, (webp >> 8) & 0xff, webp & 0xff), "WebP pictures"},
      {"cairo", cairo_version_string(), "labels on drawn pictures"},
      {"libzip", zip_libzip_version(), ".npz arrays"},
      {"fmt", dotted(FMT_VERSION, 100), "messages"},
      {"spdlog", fmt::format("{}.{}.{}", SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH), "notes and warnings"},
      {"CLI11", CLI11_VERSION, "options"},
      {"nlohmann-json",
       fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH),
       "JSON"}};
}

class Doctor final : public Command {
 public:
  static constexpr std::string_view kName = "doctor";
  static constexpr std::string_view kSummary =
      "Says what this machine and this build have, and what each makes possible";
  static constexpr std::string_view kExample =
      "temper doctor\n"
      "  lists CPU features, memory, GPUs and libraries";

  void declare(CLI::App& app) override {
    app.add_option("--json", json_,
                   "Also write JSON to this file; - or nothing: to standard output, in place of tables")
        ->type_name("[FILE]");
  }

  ExitCode run() override {
    if (!json_.empty()) {
      check_json_target(json_);
      write_json(json_, as_json());
    }
    if (json_ != "-") print();
    return ExitCode::kDone;
  }

 private:
  static void print() {
    const CpuDescription& cpu = cpu_description();
    fmt::print("temper {}\n\nCPU     {}\n", TEMPER_VERSION, cpu.model);
    const double quota = core_quota();
    fmt::print("        {} usable{}\n", counted(usable_cores(), "core"),
               quota > 0 ? fmt::format("; the control group allows the time of {:.1f}", quota) : "");
    Table features({"feature", "here", "enables"});
    for (const CpuFeature& feature : cpu.features) {
      features.add({std::string(feature.name), feature.usable ? "yes" : "no", std::string(feature.enables)});
    }
    fmt::print("{}\n", features.text("        "));
    fmt::print("memory  {} in the machine, {} free; tensors may take {}\n\n", format_bytes(memory_info("MemTotal:")),
               format_bytes(memory_info("MemAvailable:")), format_bytes(memory_limit()));
    print_gpus();
    Table table({"library", "version", "enables"});
    for (const Library& library : libraries()) table.add({library.name, library.version, library.enables});
    fmt::print("{}", table.text());
  }

  static void print_gpus() {
    const auto models = gpus();
    for (const std::string& model : models) fmt::print("GPU     {}\n", model);
    if (models.empty()) fmt::print("GPU     none with an NVIDIA driver\n");
    fmt::print("        this build has no CUDA backend: models run on the CPU\n\n");
  }

  static nlohmann::json as_json() {
    const CpuDescription& cpu = cpu_description();
    nlohmann::json features = nlohmann::json::object();
    for (const CpuFeature& feature : cpu.features) features[std::string(feature.name)] = feature.usable;
    nlohmann::json versions = nlohmann::json::object();
    for (const Library& library : libraries()) versions[library.name] = library.version;
    return {{"temper", TEMPER_VERSION},
            {"cpu",
             {{"model", cpu.model}, {"features", features}, {"cores", usable_cores()}, {"core_quota", core_quota()}}},
            {"memory",
             {{"total_bytes", memory_info("MemTotal:")},
              {"available_bytes", memory_info("MemAvailable:")},
              {"limit_bytes", memory_limit()}}},
            {"gpus", gpus()},
            {"backends", {"cpu", "reference"}},
            {"libraries", versions}};
  }

  std::string json_;
};

}  // namespace

REGISTER_COMMAND(Doctor);

}  // namespace temper
