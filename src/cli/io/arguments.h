#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "cli/io/npz.h"
#include "import/import.h"
#include "ir/graph.h"
#include "plan/shape_text.h"

namespace temper {

/// The word of `words` that `word` most likely was meant to be; empty where none is near.
std::string nearest_word(std::string_view word, const std::vector<std::string>& words);

/// `--json` with a file name after it ("-", a name that ends in .json, or what does not exist yet) becomes one
/// argument; alone it becomes `--json=-`: it never takes a model or a picture that follows it.
std::vector<std::string> split_json_option(const std::vector<std::string>& arguments);

/// The names in "a,b"; ":0" at a name's end is dropped.
std::vector<std::string> split_names(std::string_view list);

/// A value of --input: [NAME=]FILE or NAME=NUMBER.
struct InputArgument {
  std::string name;  ///< empty where none is given
  std::string value;
};
InputArgument parse_input(const std::string& text);

/// "64M": bytes; K, M and G are powers of 1024. Throws ModelError where it is another form.
std::size_t parse_size(const std::string& text);

/// The tensors that NAME=FILE.npy arguments give, for the model to be cut there if they are not its inputs.
std::vector<ImportInput> given_tensors(const std::vector<std::string>& arguments);

/// The arrays of a .npy or .npz file or a number ("0.5", "true"), for the inputs of a graph, or the pictures in image
/// files. Those without a name go to the inputs that have none yet, in order. Notes what it changes in pictures. Throws
/// ModelError, naming file or input, where one does not fit or is missing.
NamedArrays read_inputs(const Graph& graph, const std::vector<std::string>& arguments, std::string_view preprocess);

}  // namespace temper
