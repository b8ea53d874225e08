#include <gtest/gtest.h>

#include <ctime>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "export/freeze.h"
#include "fuzz/mutate.h"
#include "import/import.h"
#include "import/model_files.h"
#include "import/table_writer.h"
#include "import/tensorflow/checkpoint/table.h"
#include "import/tensorflow/proto/saved_model.pb.h"

/// Damaged models of several files end in ModelError or in a graph, as damaged graphs do (graph_def_test.cc); TEMPER_FUZZ_SECONDS and TEMPER_FUZZ_SEED as there.
namespace temper::testing {
namespace {

namespace fs = std::filesystem;

/// The files of a model, by their names in its folder.
using Files = std::map<std::string, std::string>;

Files read_files(const fs::path& folder) {
  Files files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files.emplace(fs::relative(entry.path(), folder).string(), read_file(entry.path()));
  }
  return files;
}

std::vector<Files> seeds() {
  std::vector<Files> all;
  for (const auto& entry : fs::directory_iterator(models_folder())) {
    if (entry.is_directory()) all.push_back(read_files(entry.path()));
  }
  return all;
}

Entries entries_of(const std::string& bytes) {
  const tensorflow::Table table(std::make_shared<const MemorySource>(std::as_bytes(std::span(bytes))));
  Entries entries;
  for (std::size_t block = 0; block < table.block_count(); ++block) {
    table.visit(block, [&](std::string_view key, std::string_view value) {
      entries.emplace_back(key, value);
      return true;
    });
  }
  return entries;
}

/// A table whose checksums are right, whatever else is wrong with it.
std::string mutate_table(const std::string& bytes, Random& random) {
  Entries entries;
  try {
    entries = entries_of(bytes);
  } catch (const ModelError&) {  // damaged before
  }
  if (entries.empty()) return mutate_in_place(bytes, random);
  auto& [key, value] = entries[below(random, entries.size())];
  if (below(random, 4) == 0) key = mutate_bytes(key, entries[0].first, random);
  else value = mutate_bytes(value, entries[below(random, entries.size())].second, random);
  if (below(random, 4) == 0) entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(below(random, entries.size())));
  return TableWriter(below(random, 2) == 0).write(entries, below(random, 5) + 1);
}

/// A graph that is well-formed and wrong, in a message that is whole.
template <class M>
std::string mutate_message(const std::string& bytes, Random& random, auto&& graph_of) {
  M message;
  if (!message.ParseFromString(bytes)) return mutate_in_place(bytes, random);
  tensorflow::GraphDef& graph = graph_of(message);
  if (below(random, 3) == 0 && graph.library().function_size() > 0) {  // a function's body as a graph, there and back
    auto& function = *graph.mutable_library()->mutable_function(static_cast<int>(below(random, static_cast<std::size_t>(graph.library().function_size()))));
    tensorflow::GraphDef body;
    body.mutable_node()->Swap(function.mutable_node_def());
    if (body.node_size() > 0) mutate_graph(body, graph, random);
    body.mutable_node()->Swap(function.mutable_node_def());
  } else {
    mutate_graph(graph, tensorflow::GraphDef(graph), random);
  }
  return message.SerializeAsString();
}

void damage(Files& files, Random& random) {
  auto chosen = files.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(below(random, files.size())));
  auto& [name, bytes] = *chosen;
  const std::size_t way = below(random, 4);
  if (way == 0) bytes = mutate_in_place(bytes, random);
  else if (way == 1) bytes = mutate_bytes(bytes, bytes, random);
  else if (name.ends_with(".index") || name == "model") bytes = mutate_table(bytes, random);
  else if (name.ends_with("saved_model.pb")) bytes = mutate_message<tensorflow::SavedModel>(bytes, random, [](auto& m) -> auto& { return *m.mutable_meta_graphs(0)->mutable_graph_def(); });
  else if (name.ends_with(".meta")) bytes = mutate_message<tensorflow::MetaGraphDef>(bytes, random, [](auto& m) -> auto& { return *m.mutable_graph_def(); });
  else bytes = mutate_bytes(bytes, bytes, random);
}

double environment_number(const char* name, double fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::strtod(text, nullptr);
}

TEST(SavedModelFuzz, DamagedFilesEndWell) {
  const std::size_t limit = memory_limit();
  set_memory_limit(std::size_t{256} << 20);
  const auto seed = static_cast<std::uint64_t>(environment_number("TEMPER_FUZZ_SEED", 1));
  const double seconds = environment_number("TEMPER_FUZZ_SECONDS", 2);
  const auto least = static_cast<std::size_t>(environment_number("TEMPER_FUZZ_INPUTS", 0)) / 20;  // each is several files
  const std::vector<Files> all = seeds();
  ASSERT_GT(all.size(), 4U);
  const TemporaryFolder folder;
  const auto start = std::clock();
  std::size_t count = 0, imported = 0, frozen = 0;
  for (; static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC < seconds || count < least; ++count) {
    Random random(seed * 1000003 + count);
    Files files = all[below(random, all.size())];
    for (std::size_t i = below(random, 2) + 1; i > 0; --i) damage(files, random);
    fs::remove_all(folder.path() / "m");
    for (const auto& [name, bytes] : files) {
      fs::create_directories((folder.path() / "m" / name).parent_path());
      std::ofstream(folder.path() / "m" / name, std::ios::binary) << bytes;
    }
    ImportOptions options;
    if (files.contains("model.meta")) options = {{{"batch", Fact{DType::kFloat32, Shape{2, 4}, {}}}}, {"logits"}, {}};
    try {
      freeze_model(folder.path() / "m", folder.path() / "frozen.pb", {.import = options});
      ++frozen;
    } catch (const ModelError&) {
    } catch (const std::exception& error) {
      ADD_FAILURE() << "seed " << seed << ", input " << count << ": " << error.what();
      break;
    }
    try {
      import_model(folder.path() / "m", options);
      ++imported;
    } catch (const ModelError&) {
    } catch (const std::exception& error) {
      ADD_FAILURE() << "seed " << seed << ", input " << count << ": " << error.what();
      break;
    }
  }
  set_memory_limit(limit);
  std::printf("models: seed %llu, %zu inputs, %zu frozen, %zu imported\n", static_cast<unsigned long long>(seed), count, frozen, imported);
  EXPECT_GT(count, 0U);
}

}  // namespace
}  // namespace temper::testing
