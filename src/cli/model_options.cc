#include "cli/model_options.h"

#include <algorithm>

#include "cli/io/arguments.h"
#include "cli/io/report.h"

namespace temper {

void ModelOptions::declare(CLI::App& app) {
  app.add_option("FILE", file, "The model (a file or a folder) or plan")->required();
  app.add_option("--backend", backend,
                 "cpu: kernels chosen for this machine; reference: every operator's definition, slow")
      ->capture_default_str();
  app.add_option("--threads", threads, "Threads; 0: one for each core, or what a plan was made for")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
  app.add_option("--memory-limit", memory_limit, "Most memory of the whole process, such as 512M; 0: what there is, or what a plan was made for")
      ->capture_default_str();
  declare_choice(app, choice);
  app.add_flag("-q,--quiet", quiet, "No notes and no tables");
}

Session ModelOptions::load(const std::vector<std::string>& outputs, std::vector<ImportInput> inputs, bool profile) const {
  SessionOptions options;
  options.backend = backend;
  options.threads = threads;
  options.outputs = outputs;
  options.inputs = std::move(inputs);
  options.choice = choice;
  options.profile = profile;
  options.memory_limit_bytes = parse_size(memory_limit);
  Session session = Session::load(file, options);
  for (const std::string& text : session.notes()) note("{}", text);
  return session;
}

void ModelOptions::apply_quiet() const { set_quiet(quiet); }

void declare_choice(CLI::App& app, ModelChoice& choice) {
  app.add_option("--signature-def", choice.signature, "Of a SavedModel: whose inputs and outputs count (default: serving_default, or the only one)");
  app.add_option("--tags", choice.tags, "Of a SavedModel of several graphs: the tags of the one that counts, a,b (default: serve)");
}

void declare_json(CLI::App& app, std::string& target) {
  app.add_option("--json", target, "Also write JSON to this file; - or nothing: to standard output, in place of tables")
      ->type_name("[FILE]");
}

void set_input_shape(Graph& graph, const std::string& text) {
  const ShapeArgument shape = parse_shape(text);
  const auto& inputs = graph.inputs();
  const bool only = shape.name.empty() && inputs.size() == 1;
  const auto port = only ? inputs.begin() : std::ranges::find(inputs, shape.name, &Port::name);
  if (port == inputs.end()) {
    std::vector<std::string> names;
    for (const Port& input : inputs) names.push_back(input.name);
    throw ModelError(fmt::format("--shape {}: the model's inputs are {}", text, fmt::join(names, ", ")));
  }
  Fact& fact = graph.fact(port->value);
  std::vector<Dim> dims;
  for (const std::int64_t dim : shape.dims) dims.push_back(dim < 0 ? Dim() : Dim(dim));
  const auto agree = [](const Dim& a, const Dim& b) { return !a.known() || !b.known() || a == b; };
  const bool fits = !fact.shape.rank_known() || std::ranges::equal(fact.shape.dims(), dims, agree);
  require(fits && dims.size() <= kMaxRank, "--shape {}: input {} is {}", text, port->name, fact);
  for (std::size_t axis = 0; fact.shape.rank_known() && axis < dims.size(); ++axis) {
    if (!dims[axis].known()) dims[axis] = fact.shape[axis];
  }
  fact.shape = ShapeFact(std::move(dims));
}

void set_shapes(Graph& graph, const std::vector<std::string>& shapes) {
  for (const std::string& text : shapes) set_input_shape(graph, text);
  if (!shapes.empty()) graph.infer();
}

}  // namespace temper
