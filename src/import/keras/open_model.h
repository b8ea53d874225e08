#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "import/keras/hdf5.h"

namespace temper::keras {

/// A model's parts, wherever they lie.
struct ModelFile {
  std::string format;                        ///< "Keras archive (.keras)"
  std::string architecture;                  ///< JSON
  std::shared_ptr<const Hdf5File> weights;   ///< null where there are none
  std::string keras_version;                 ///< "3.5.0"; empty where nothing says
};

/// Whether a file or folder is one of Keras's, by its content: HDF5 (.h5, .hdf5, .weights.h5), a zip archive with a config.json (.keras) or
/// such an archive unpacked, or a model's architecture as JSON.
bool recognises(const std::filesystem::path& path);

/// Throws ModelError where a part is missing or damaged.
ModelFile open_model(const std::filesystem::path& path);

}  // namespace temper::keras
