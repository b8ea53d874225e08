#pragma once
#include <google/protobuf/message.h>

#include <memory>
#include <string>

#include "import/tensorflow/contents.h"

namespace temper::tensorflow {

/// The first bytes of a file, which tell what it is.
std::string sample_of(const ByteSource& source);

/// Whether these are the first bytes of a message in text form.
bool looks_like_text(std::string_view sample);

/// Reads a message, binary or text. Large contents of a binary one stay in the source and come in `contents`. `what` is what an error calls it: "a
/// TensorFlow graph". Throws ModelError where the source is empty, above 2 GB, or no such message; for text it says at what line.
void read_message(google::protobuf::Message& message, Root root, std::shared_ptr<const ByteSource> source, std::size_t large_bytes, std::string_view what,
                  Contents& contents);

}  // namespace temper::tensorflow
