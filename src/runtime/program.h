#pragma once
#include <span>
#include <vector>

#include "ir/graph.h"
#include "runtime/executor.h"
#include "runtime/kernel_cache.h"

namespace temper {

/// A graph or region compiled to instructions over slots, with the slots' tensors. bind every input, execute, take every
/// output. A program runs once at a time.
class Program {
 public:
  /// `graph` and `backends` must outlive the program.
  Program(const Graph& graph, std::span<const Backend* const> backends, const ExecutorOptions& options);

  std::size_t input_count() const { return inputs_.size(); }
  std::size_t output_count() const { return outputs_.size(); }

  /// Gives input `i`; what nothing uses is dropped at once.
  void bind(std::size_t i, Tensor value) {
    if (inputs_[i] != kNoSlot) slots_[inputs_[i]] = std::move(value);
  }
  /// Throws ModelError, naming the node. Everything bound is dropped then.
  void execute();
  Tensor take_output(std::size_t i) { return take(outputs_[i]); }
  Tensors take_outputs();

  void add_profile(std::vector<NodeProfile>& profile) const;

 private:
  static constexpr std::uint32_t kNoSlot = ~std::uint32_t{0};

  /// Where an instruction or an output reads a value.
  struct Operand {
    std::uint32_t at = kNoSlot;
    bool constant = false;  // at counts constants_, else slots_
    bool last = false;      // no one reads the slot afterwards
  };
  enum class Kind : std::uint8_t { kKernel, kIf, kLoop, kRegions };
  struct Instruction {
    const Node* node = nullptr;
    Kind kind = Kind::kKernel;
    std::size_t carried = 0;  // of a loop
    std::uint32_t first_operand = 0, operand_count = 0;
    std::uint32_t first_result = 0, result_count = 0;
    KernelCache kernels;
    std::vector<Program> regions;
    std::int64_t count = 0;
    std::int64_t elapsed_ns = 0;
  };

  class Compiler;

  const Tensor& peek(const Operand& operand) const {
    return operand.constant ? constants_[operand.at] : slots_[operand.at];
  }
  Tensor take(const Operand& operand) {
    return operand.last ? std::move(slots_[operand.at]) : peek(operand);
  }
  std::span<const Operand> operands(const Instruction& instruction) const {
    return {operands_.data() + instruction.first_operand, instruction.operand_count};
  }

  void run_timed(Instruction& instruction);
  void run(Instruction& instruction);
  void run_if(Instruction& instruction);
  void run_loop(Instruction& instruction);
  void set_results(const Instruction& instruction, Tensors results);
  void clear();

  bool profile_ = false;
  std::vector<Instruction> instructions_;
  std::vector<Operand> operands_;
  std::vector<std::uint32_t> results_;  // slots; kNoSlot where nothing uses the result
  std::vector<std::uint32_t> inputs_;
  std::vector<Operand> outputs_;
  Tensors constants_;
  Tensors slots_;
  Tensors arguments_;  // of the instruction that runs, kept for its memory
};

}  // namespace temper
