#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plan/select.h"
#include "runtime/placement.h"

namespace temper {

struct ProgramOptions {
  Backends backends = {};
  /// By node: the maker of the kernel that was chosen for it; empty, or too short, where none was.
  std::span<const std::string_view> chosen = {};
  /// Without, everything gets memory as it comes.
  bool plan_memory = true;
  /// Every operator's definition runs; backends serve only to unpack constants.
  bool reference = false;
  /// Kernels that want more scratch memory are passed over.
  std::size_t most_workspace = kAnyWorkspace;
};

/// A graph compiled for inputs of certain dtypes and shapes: the steps that are left to do, in order. What is of known size and has
/// a kernel has a place in memory planned beforehand; the rest (sizes that depend on data, lists, strings, regions, operators of which only
/// the definition serves) gets memory as it comes.
/// Immutable: a Frame has the memory in which one run at a time happens.
class Program {
 public:
  enum class Kind : std::uint8_t {
    kPlanned,     ///< a kernel, or a view of what is in planned memory
    kDefinition,  ///< sizes are known, but only the operator's definition serves
    kUnplanned,
    kIf,
    kLoop,
    kRegions,
  };

  /// Where a step or an output reads a value.
  struct Operand {
    enum class In : std::uint8_t { kConstant, kSlot, kPlace };
    In in = In::kConstant;
    bool last = false;      ///< of a slot: no one reads it afterwards
    std::uint32_t at = 0;   ///< of constants(), of slots; of values for a place
  };
  static constexpr std::uint32_t kNoSlot = ~std::uint32_t{0};

  struct Step {
    const Node* node = nullptr;
    Kind kind = Kind::kUnplanned;
    std::vector<Operand> operands;
    std::vector<std::uint32_t> results;  ///< slots, kNoSlot where nothing uses the result; values of a planned step
    Selection selection;                 ///< of a planned step, or one that its definition runs
    bool elided = false;
    std::int64_t workspace_offset_bytes = 0;
    Facts facts;                           ///< of inputs, for steps that are not planned
    std::vector<Program> regions;
  };

  /// `graph`, and the backends in `options`, outlive the program. `inputs` are facts of the graph's inputs; what is known of their shapes is used.
  Program(const Graph& graph, std::span<const Fact> inputs, const ProgramOptions& options);

  const Graph& graph() const { return *graph_; }
  const Facts& facts() const { return facts_; }
  const std::vector<Step>& steps() const { return steps_; }
  const Placement& placement() const { return placement_; }
  const Tensors& constants() const { return constants_; }
  std::size_t slot_count() const { return slot_count_; }
  /// The slot that each input is put in; kNoSlot where no unplanned step reads it.
  const std::vector<std::uint32_t>& inputs() const { return inputs_; }
  const std::vector<Operand>& outputs() const { return outputs_; }
  /// Those that kernels are asked of.
  Backends backends() const { return backends_; }
  std::size_t most_workspace() const { return most_workspace_; }

 private:
  class Compiler;

  const Graph* graph_;
  Backends backends_;
  std::size_t most_workspace_;
  Facts facts_;
  std::vector<Step> steps_;
  Placement placement_;
  Tensors constants_;
  std::uint32_t slot_count_ = 0;
  std::vector<std::uint32_t> inputs_;
  std::vector<Operand> outputs_;
};

}  // namespace temper
