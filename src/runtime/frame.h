#pragma once
#include <memory>
#include <string>
#include <vector>

#include "runtime/kernel_cache.h"
#include "runtime/program.h"

namespace temper {

/// What one node did in all runs so far.
struct NodeProfile {
  const Node* node = nullptr;
  /// The kernel that ran last; "reference" for the operator's own definition, "control" for what runs regions.
  std::string kernel;
  /// Why each maker of kernels that was asked last refused: "onednn/conv: float64 is not handled".
  std::vector<std::string> refusals;
  std::int64_t count = 0;
  /// Without what its regions' nodes took.
  std::int64_t elapsed_ns = 0;
};

struct FrameOptions {
  /// Steps are counted and timed.
  bool profile = false;
  /// Constants in mapped files are given back to the system after each planned step that reads them.
  bool stream_constants = false;
};

/// The memory in which a program runs, once at a time. Nothing is allocated by planned steps that have kernels.
class Frame {
 public:
  /// `program` outlives the frame. `arena` holds at least program.placement().memory.arena_bytes; it may be shared by frames that do
  /// not run at one time.
  Frame(const Program& program, std::shared_ptr<std::byte> arena, const FrameOptions& options = {});

  /// Gives input `i`, of the dtype and shape that the program was compiled for.
  void bind(std::size_t i, Tensor value);
  /// From now on output `i` is written to `tensor`, of the output's dtype and shape.
  void bind_output(std::size_t i, Tensor tensor);
  /// Throws ModelError, naming the node.
  void execute();
  /// Of the last execute(), valid until the next.
  const Tensor& output(std::size_t i) const { return outputs_[i]; }
  /// Likewise, given away. Of a program whose memory is not planned.
  Tensor take_output(std::size_t i) { return std::move(outputs_[i]); }

  void add_profile(std::vector<NodeProfile>& profile) const;

 private:
  /// What a step keeps from run to run.
  struct StepState {
    Tensors in, out;                  // of a planned step
    std::span<std::byte> workspace;   // likewise
    std::unique_ptr<KernelCache> kernels;
    std::vector<Frame> regions;
    std::int64_t count = 0;
    std::int64_t elapsed_ns = 0;
  };

  void prepare(const Program::Step& step, StepState& state);
  void find_readers();
  void release_constants(const Program::Step& step);
  Tensor tensor_at(ValueId id) const;
  Tensor argument(const Program::Operand& operand) const;
  void set_buffer(std::size_t buffer, Tensor tensor);
  bool in_arena(const Tensor& tensor) const;
  Tensor look(const Program::Operand& operand);
  Tensor take(const Program::Operand& operand);
  void run_timed(const Program::Step& step, StepState& state);
  void run(const Program::Step& step, StepState& state);
  void run_planned(const Program::Step& step, StepState& state);
  bool fill_from_slots(const Program::Step& step, StepState& state);
  void run_on(const Program::Step& step, StepState& state);
  void run_definition(const Program::Step& step);
  void run_unplanned(const Program::Step& step, StepState& state);
  void run_if(const Program::Step& step, StepState& state);
  void run_loop(const Program::Step& step, StepState& state);
  void set_results(const Program::Step& step, Tensors results);
  bool is_at(const Tensor& tensor, ValueId id) const;
  void finish_output(std::size_t i);
  void clear();

  /// A tensor that points into a buffer which is not the arena's.
  struct Reader {
    std::size_t step, at;
    bool result;
  };

  const Program* program_;
  std::shared_ptr<std::byte> arena_;
  FrameOptions options_;
  Tensors buffers_;                           // of inputs and outputs, by buffer of the placement
  std::vector<std::vector<Reader>> readers_;  // likewise
  std::vector<StepState> states_;
  Tensors slots_;
  Tensors outputs_;
  std::vector<bool> bound_;  // by output: the tensor is the caller's
  Tensors arguments_;        // of the unplanned step that runs, kept for its memory
};

}  // namespace temper
