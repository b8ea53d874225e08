#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "ir/graph.h"
#include "media/picture.h"

namespace temper {

/// How pixels 0..255 become what a network takes.
enum class Preprocess {
  kNone,       ///< as they are
  kUnit,       ///< 0..1
  kSymmetric,  ///< -1..1
  kCaffe,      ///< BGR less the ImageNet means 103.939, 116.779, 123.68
  kTorch       ///< 0..1, less the means 0.485, 0.456, 0.406, by the deviations 0.229, 0.224, 0.225
};

/// How a picture of other proportions gets a fixed size.
enum class ResizeMode {
  kStretch,  ///< to that size, proportions changed
  kCrop      ///< until it covers that size; then the middle is cut out
};

/// How an input takes pictures.
struct PictureInput {
  std::string name;
  DType dtype = DType::kFloat32;  ///< kString: takes the file's bytes, not pixels
  std::size_t rank = 4;
  bool channels_first = false;
  int channels = 3;
  std::optional<int> height = std::nullopt;  ///< where it is fixed
  std::optional<int> width = std::nullopt;
};

/// What an input takes; none where it takes no pictures.
std::optional<PictureInput> as_picture_input(const std::string& name, const Fact& fact);

/// The input of `graph` that takes pictures: the one called `wanted`; the only one that can; or, of several, the one
/// with a customary name. Throws ModelError, listing the inputs, where that does not single one out.
PictureInput find_picture_input(const Graph& graph, const std::string& wanted = "");

/// A picture as an input takes it, and the size of what the network sees.
struct PictureTensor {
  Tensor tensor;
  int width = 0;
  int height = 0;
  bool resized = false;
};

/// Throws ModelError where an integer input is to be scaled.
PictureTensor picture_tensor(const Picture& picture, const PictureInput& input,
                             Preprocess preprocess = Preprocess::kNone, ResizeMode mode = ResizeMode::kStretch);

/// The bytes of an encoded picture, for an input that decodes pictures itself.
Tensor encoded_tensor(std::string bytes, const PictureInput& input);

/// "0..1" and so on; throws ModelError naming the choices.
Preprocess parse_preprocess(std::string_view name);
ResizeMode parse_resize_mode(std::string_view name);

}  // namespace temper
