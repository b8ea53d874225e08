#include "plan/file/plan_file.h"

#include <fstream>
#include <set>

#include "plan/file/container.h"
#include "plan/file/graph_section.h"
#include "plan/file/records.h"

namespace temper {
namespace {

/// Some 0.15 ms a MB, for pages that the first run has read from disk in any case: little beside that run, but not where a run touches few of
/// the weights, as with huge embeddings. So larger ones are left to those who ask.
constexpr std::size_t kQuickBytes = std::size_t{256} << 20;

SectionOut section_of(std::string_view name, const std::string& bytes) {
  SectionOut section{std::string(name), kTensorAlignment, {}};
  section.pieces.push_back({0, std::as_bytes(std::span(bytes))});
  return section;
}

/// What is true of every plan, whoever made it.
void check_plan(const Plan& plan, std::size_t node_count) {
  require(plan.tactics.empty() || plan.tactics.size() == node_count, "it has {} tactics for {} nodes", plan.tactics.size(),
          node_count);
  std::set<std::string_view> seen;
  for (const InputProfile& profile : plan.profile) {
    const auto& inputs = plan.graph.inputs();
    const auto input = std::ranges::find(inputs, profile.name, &Port::name);
    require(input != inputs.end(), "it has a profile of '{}', which is no input", profile.name);
    require(seen.insert(profile.name).second, "it has two profiles of input '{}'", profile.name);
    const ShapeFact& shape = plan.graph.fact(input->value).shape;
    require(!shape.rank_known() || shape.rank() == profile.dims.size(), "it has a profile of {} dims for input '{}' of shape {}",
            profile.dims.size(), profile.name, shape);
    for (const DimRange& dim : profile.dims) {
      require(dim.min >= 0 && dim.opt >= dim.min && dim.opt <= kMaxDim && (dim.max == 0 || dim.max >= dim.opt) && dim.max <= kMaxDim,
              "it has a profile {}:{}:{} of input '{}'", dim.min, dim.opt, dim.max, profile.name);
    }
  }
}

/// What `read` makes of a section's bytes, which must be used up unless a newer minor version may have added to them. A default
/// where there is no such section.
template <class Read>
auto read_section(const Container& file, std::string_view name, Read&& read) {
  if (!file.has(name)) return decltype(read(std::declval<ByteReader&>())){};
  ByteReader from(file.section(name));
  return in_context([&] { return fmt::format("section '{}'", name); }, [&] {
    auto result = read(from);
    require(from.left() == 0 || file.newer(), "it ends before the section does");
    return result;
  });
}

Graph read_graph_section(const Container& file, WeightsCheck check) {
  const bool check_weights = check == WeightsCheck::kAlways ||
                             (check == WeightsCheck::kWhereQuick && file.section(kWeightsSection, false).size() <= kQuickBytes);
  const TensorReader tensors(file.owner(), file.section(kConstantsSection), file.section(kWeightsSection, check_weights));
  return in_context([&] { return fmt::format("section '{}'", kGraphSection); },
                    [&] { return read_graph(file.section(kGraphSection), tensors, file.made_by()); });
}

}  // namespace

void save_plan(const Plan& plan, const std::filesystem::path& path) {
  in_context([&] { return path.string(); }, [&] {
    check_plan(plan, plan.tactics.empty() ? 0 : plan.graph.order().size());
    TensorWriter tensors;
    const std::string graph = write_graph(plan.graph, tensors);
    const std::string tactics = write_tactics(plan.tactics);
    const std::string profile = write_profile(plan.profile);
    const std::string passes = write_passes(plan.passes);
    const std::string info = write_info(plan.info);
    const std::array sections{section_of(kInfoSection, info),       section_of(kGraphSection, graph),
                              section_of(kTacticsSection, tactics), section_of(kProfileSection, profile),
                              section_of(kPassesSection, passes),   tensors.constants(),
                              tensors.weights()};
    write_container(path, sections);
  });
}

Plan load_plan(const std::filesystem::path& path, WeightsCheck check) {
  return in_context([&] { return path.string(); }, [&] {
    const Container file(path);
    Plan plan;
    plan.info = read_section(file, kInfoSection, read_info);
    plan.graph = read_graph_section(file, check);
    plan.tactics = read_section(file, kTacticsSection, read_tactics);
    plan.profile = read_section(file, kProfileSection, read_profile);
    plan.passes = read_section(file, kPassesSection, read_passes);
    check_plan(plan, plan.graph.node_count());
    return plan;
  });
}

bool is_plan_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;  // a pipe would be waited for
  std::array<char, 8> first{};
  std::ifstream file(path, std::ios::binary);
  return file.read(first.data(), first.size()) && has_plan_magic(std::as_bytes(std::span(first)));
}

}  // namespace temper
